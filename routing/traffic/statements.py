"""The SQL of counting: what turns say, what of it is not counted yet, and how it is added."""

from __future__ import annotations

# What contacts took, once each: exits, and stops. Steps that wait say nothing yet; the fallback's plan is no flow.
_SAID = """
  SELECT DISTINCT contact.id AS contact_id, contact.started_at, contact.version_id,
         left(entry->>'step', 600) AS path,
         CASE WHEN entry ? 'stranded' THEN 'stranded' WHEN entry ? 'hung_up' THEN 'hung_up' ELSE 'exit' END AS kind,
         left(entry->>'exit', 200) AS exit
    FROM {source}, jsonb_array_elements(turn.trace) AS entry
   WHERE {condition} AND contact.version_id IS NOT NULL AND contact.started_at >= %(floor)s
     AND jsonb_typeof(turn.trace) = 'array' AND entry ? 'step' AND NOT entry ? 'fallback'
     AND (entry->>'exit' <> '' OR entry ? 'stranded' OR entry ? 'hung_up')
"""

SAID_BY_TURN = _SAID.format(
    source="(SELECT * FROM routing_turn WHERE id > %(after)s ORDER BY id LIMIT %(most)s) AS turn"
    " JOIN routing_contact AS contact ON contact.id = turn.contact_id",
    condition="true",
)
SAID_BY_ARRIVAL = _SAID.format(
    source="routing_contact AS contact JOIN routing_turn AS turn ON turn.contact_id = contact.id",
    condition="contact.started_at >= %(begin)s AND contact.started_at < %(end)s",
)

_PLACE = """
    LEFT JOIN routing_trafficplace AS place
      ON place.version_id = said.version_id AND place.path = said.path AND place.kind = said.kind
     AND place.exit = coalesce(said.exit, '')
"""

UNKNOWN = """
WITH said AS ({said})
SELECT DISTINCT said.version_id, said.path, said.kind, coalesce(said.exit, '') FROM said
{place} WHERE place.id IS NULL
"""

# Adds what is not counted yet, to the contact and to the hour it arrived in, in one statement: it happens as a whole
# or not at all, and again it adds nothing.
MERGE = """
WITH said AS ({said}),
taken AS (
  SELECT DISTINCT said.contact_id, said.started_at, place.edge_id FROM said {place} WHERE place.id IS NOT NULL),
fresh AS (
  SELECT taken.* FROM taken LEFT JOIN routing_trafficwalk AS walk ON walk.contact_id = taken.contact_id
   WHERE walk.contact_id IS NULL OR NOT taken.edge_id = ANY (walk.edges)),
walks AS (
  INSERT INTO routing_trafficwalk AS walk (contact_id, started_at, edges)
  SELECT contact_id, min(started_at), array_agg(edge_id ORDER BY edge_id) FROM fresh GROUP BY contact_id
  ON CONFLICT (contact_id) DO UPDATE SET edges = walk.edges || excluded.edges)
INSERT INTO routing_traffichour AS counted (edge_id, hour, contacts)
SELECT edge_id, date_trunc('hour', started_at, 'UTC'), count(*) FROM fresh GROUP BY 1, 2 ORDER BY 1, 2
ON CONFLICT (edge_id, hour) DO UPDATE SET contacts = counted.contacts + excluded.contacts
"""

# The last turn of a piece; and the last one before any that is so young that one before it may still be written.
PIECE = """
WITH piece AS (SELECT id, at FROM routing_turn WHERE id > %(after)s ORDER BY id LIMIT %(most)s),
young AS (SELECT min(id) AS id FROM piece WHERE at > %(settled)s AND at <= %(soon)s)
SELECT coalesce(max(piece.id), %(after)s), count(*),
       coalesce(max(piece.id) FILTER (WHERE young.id IS NULL OR piece.id < young.id), %(after)s)
  FROM piece, young
"""
NEWEST_SETTLED = "SELECT id FROM routing_turn WHERE at <= %(settled)s ORDER BY id DESC LIMIT 1"

# Whole hours by their counts, the beginning of the first by its contacts.
COUNTS = """
WITH mine AS (
  SELECT edge.*, version.number FROM routing_trafficedge AS edge
    JOIN routing_flowversion AS version ON version.id = edge.version_id
   WHERE version.flow_id = %(flow)s AND (%(only)s::bigint IS NULL OR version.id = %(only)s::bigint)),
counted AS (
  SELECT edge_id, sum(contacts) AS contacts FROM routing_traffichour
   WHERE edge_id IN (SELECT id FROM mine) AND hour >= %(whole)s AND hour <= %(now)s GROUP BY edge_id
  UNION ALL
  SELECT taken.edge_id, count(*) FROM routing_trafficwalk AS walk, unnest(walk.edges) AS taken (edge_id)
   WHERE walk.started_at >= %(since)s AND walk.started_at < %(whole)s GROUP BY taken.edge_id)
SELECT mine.step, mine.kind, mine.exit, mine.target, mine.title, mine.label, mine.target_title, mine.starts, mine.number,
       sum(counted.contacts)::bigint
  FROM counted JOIN mine ON mine.id = counted.edge_id
 GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9 ORDER BY mine.number DESC, mine.step, mine.exit
"""

# What was said since the last count, as far as it is new: edges of this flow, and places that nobody knows yet.
TAIL = """
WITH said AS ({said})
SELECT said.contact_id, said.started_at, said.version_id, said.path, said.kind, coalesce(said.exit, ''),
       edge.version_id, edge.step, edge.exit, edge.target, edge.title, edge.label, edge.target_title, edge.starts,
       version.number
  FROM said
{place}
    LEFT JOIN routing_trafficedge AS edge ON edge.id = place.edge_id
    LEFT JOIN routing_flowversion AS version ON version.id = edge.version_id
    LEFT JOIN routing_trafficwalk AS walk ON walk.contact_id = said.contact_id
 WHERE said.started_at >= %(since)s
   AND (place.id IS NULL OR version.flow_id = %(flow)s)
   AND (place.id IS NULL OR walk.contact_id IS NULL OR NOT place.edge_id = ANY (walk.edges))
"""

IS_BEHIND = "SELECT EXISTS (SELECT 1 FROM routing_turn WHERE id > %(after)s OFFSET %(most)s)"

WALKS = """
SELECT contact_id, started_at FROM routing_trafficwalk
 WHERE edges && (SELECT coalesce(array_agg(edge.id), '{}') FROM routing_trafficedge AS edge
                   JOIN routing_flowversion AS version ON version.id = edge.version_id
                  WHERE version.flow_id = %(flow)s AND (%(only)s::bigint IS NULL OR version.id = %(only)s::bigint)
                    AND edge.step = %(step)s AND edge.kind = %(kind)s AND edge.exit = %(exit)s
                    AND edge.target = %(target)s)
   AND started_at >= %(since)s AND (started_at, contact_id) < (%(before)s::timestamptz, %(before_id)s::bigint)
 ORDER BY started_at DESC, contact_id DESC LIMIT %(most)s
"""

# Where contacts are that are under way, in versions of this flow or of flows that walk through it.
HERE = """
SELECT contact.id, contact.started_at, contact.version_id,
       (SELECT string_agg(frame->>'at', '/' ORDER BY depth)
          FROM jsonb_array_elements(contact.run->'frames') WITH ORDINALITY AS frames (frame, depth))
  FROM routing_contact AS contact JOIN routing_flowversion AS version ON version.id = contact.version_id
 WHERE contact.state <> 'ended' AND NOT contact.run ? 'fell_back' AND jsonb_typeof(contact.run->'frames') = 'array'
   AND CASE WHEN %(only)s::bigint IS NOT NULL AND version.flow_id = %(flow)s THEN version.id = %(only)s::bigint
            ELSE version.flow_id = %(flow)s OR version.subflows ? %(key)s END
 ORDER BY contact.started_at DESC, contact.id DESC
"""


def of(statement: str, said: str) -> str:
    """A statement about what turns say, with which turns are meant."""
    return statement.format(said=said, place=_PLACE)
