-- What was measured. The two tables of texts are the truth: a session's design
-- and its runs as they were recorded, byte by byte. What the other columns hold
-- was taken from them when they came, so that lists and histories need not read
-- the texts.

CREATE TABLE session (
  n           INTEGER PRIMARY KEY AUTOINCREMENT,
  id          TEXT NOT NULL UNIQUE,
  started     INTEGER NOT NULL, -- microseconds since 1970
  changed     INTEGER NOT NULL, -- microseconds since 1970: when something was last written
  mode        TEXT NOT NULL,
  scenario    TEXT NOT NULL,
  blocks      INTEGER NOT NULL,
  warmups     INTEGER NOT NULL,
  fingerprint TEXT NOT NULL,
  accel       TEXT NOT NULL DEFAULT '', -- of the first run
  ended       TEXT NOT NULL DEFAULT '', -- done, stopped, failed; empty: nobody said so
  recorder    TEXT NOT NULL DEFAULT '', -- process that writes it, or wrote it last; empty: it was imported
  ok          INTEGER NOT NULL DEFAULT 0, -- runs by outcome, without warm-ups
  timeout     INTEGER NOT NULL DEFAULT 0,
  failed      INTEGER NOT NULL DEFAULT 0,
  tainted     INTEGER NOT NULL DEFAULT 0,
  runs        INTEGER NOT NULL DEFAULT 0, -- all of them, with warm-ups
  bytes       INTEGER NOT NULL DEFAULT 0  -- of the runs' texts
) STRICT;
CREATE INDEX session_started ON session (started, n);
CREATE INDEX session_scenario ON session (scenario, started, n);

CREATE TABLE session_text (
  session INTEGER PRIMARY KEY REFERENCES session ON DELETE CASCADE,
  text    TEXT NOT NULL
) STRICT;

CREATE TABLE subject (
  session INTEGER NOT NULL REFERENCES session ON DELETE CASCADE,
  place   INTEGER NOT NULL, -- in the design
  os      TEXT NOT NULL,
  PRIMARY KEY (session, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX subject_os ON subject (os, session);

CREATE TABLE run (
  n        INTEGER PRIMARY KEY AUTOINCREMENT,
  session  INTEGER NOT NULL REFERENCES session ON DELETE CASCADE,
  id       TEXT NOT NULL,
  os       TEXT NOT NULL,
  phase    TEXT NOT NULL,
  outcome  TEXT NOT NULL,
  accel    TEXT NOT NULL,
  headline INTEGER, -- nanoseconds; NULL: not known
  bytes    INTEGER NOT NULL,
  UNIQUE (session, id)
) STRICT;
CREATE INDEX run_headline ON run (session, os, phase, outcome, headline);

CREATE TABLE run_text (
  run  INTEGER PRIMARY KEY REFERENCES run ON DELETE CASCADE,
  text TEXT NOT NULL
) STRICT;

-- The numbers of a session cannot disagree with its runs: whoever adds a run
-- has counted it.
CREATE TRIGGER run_counted AFTER INSERT ON run BEGIN
  UPDATE session SET
    runs    = runs + 1,
    bytes   = bytes + new.bytes,
    ok      = ok      + (new.phase <> 'warmup' AND new.outcome = 'ok'),
    timeout = timeout + (new.phase <> 'warmup' AND new.outcome = 'timeout'),
    failed  = failed  + (new.phase <> 'warmup' AND new.outcome = 'failed'),
    tainted = tainted + (new.phase <> 'warmup' AND new.outcome = 'tainted'),
    accel   = CASE accel WHEN '' THEN new.accel ELSE accel END
  WHERE n = new.session;
END;

-- Raw logs lie in files that are named by their content; see artefact.go.
CREATE TABLE artefact (
  session INTEGER NOT NULL REFERENCES session ON DELETE CASCADE,
  name    TEXT NOT NULL,
  kind    TEXT NOT NULL,
  sha256  TEXT NOT NULL,
  bytes   INTEGER NOT NULL,
  PRIMARY KEY (session, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX artefact_sha256 ON artefact (sha256);

-- Files that nothing named when a session went, and that are deleted next.
CREATE TABLE garbage (sha256 TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

-- What is done once in the life of a store.
CREATE TABLE done (what TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

PRAGMA application_id = 1145852531; -- the letters DLRs
