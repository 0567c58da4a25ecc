"""The step types; a new one is a file here and a line in `STEP_TYPES`."""

from routing.engine.steps.ask import Ask
from routing.engine.steps.ask_choice import AskChoice
from routing.engine.steps.branch import Branch
from routing.engine.steps.end import End
from routing.engine.steps.fetch import FetchVariables
from routing.engine.steps.gather import Gather
from routing.engine.steps.hours import CheckHours
from routing.engine.steps.placeholder import Placeholder
from routing.engine.steps.say import SayPrompt
from routing.engine.steps.send_message import SendMessage
from routing.engine.steps.split import PercentageSplit
from routing.engine.steps.step import Step
from routing.engine.steps.subflow import Subflow
from routing.engine.steps.to_queue import TransferToQueue
from routing.engine.steps.transfer import Transfer
from routing.engine.steps.triggers import CallTrigger, MessageTrigger
from routing.engine.steps.variables import SetVariables
from routing.engine.steps.voicemail import Voicemail

STEP_TYPES: tuple[type[Step], ...] = (
    CallTrigger,
    MessageTrigger,
    SayPrompt,
    Gather,
    SendMessage,
    Ask,
    AskChoice,
    FetchVariables,
    SetVariables,
    Branch,
    CheckHours,
    PercentageSplit,
    TransferToQueue,
    Transfer,
    Voicemail,
    Subflow,
    Placeholder,
    End,
)

BY_TYPE: dict[str, type[Step]] = {step.type: step for step in STEP_TYPES}
