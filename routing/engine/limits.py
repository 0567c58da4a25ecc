"""Every bound of a flow and of a run, in one place; each has a test."""

# What a definition may hold.
DEFINITION_BYTES = 1_000_000
STEPS = 500
EXITS_A_STEP = 50
RULES_A_BRANCH = 40
CONDITIONS_A_RULE = 50
GROUP_DEPTH = 3
TEXT_CHARS = 4_000
NAME_CHARS = 100
LIST_ITEMS = 200

# What a template may do.
TEMPLATE_LOOPS = 1_000
TEMPLATE_OUTPUT_CHARS = 8_000
TEMPLATE_DEPTH = 10

# What an expression (CEL) may be; nested macros multiply their work, hence so few.
EXPRESSION_CHARS = 1_000
EXPRESSION_MACROS = 2
EXPRESSION_LIST_ITEMS = 1_000
EXPRESSION_DEPTH = 20
# Rounds of its macros, times what a round may copy; so many take about a tenth of a second.
EXPRESSION_WORK = 5_000_000

# What one run may do.
VISITS_A_TURN = 200
VISITS_A_RUN = 2_000
# Questions in a row that nobody answered, or not with anything that helps: carriers end calls that go on so.
ROUNDS_IN_VAIN = 20
# … and so often may one call come back to one question, whatever the answer is: a branch behind it may lead back.
ROUNDS_OF_A_QUESTION = 30
SUBFLOW_DEPTH = 5
EFFECTS_A_TURN = 100
STATE_BYTES = 512_000
VALUE_CHARS = 8_000
TRACE_ENTRIES_A_TURN = 250
SEEN_CHARS = 200
# How long a caller may be kept on hold by flows in one go, in seconds.
RUN_SECONDS = 4 * 3600
# People answer messages when they look at their telephones: how long a conversation may stay in a flow …
MESSAGE_RUN_SECONDS = 14 * 24 * 3600
# … and how long a step that was made for calls waits for a written reply.
REPLY_SECONDS = 3600
