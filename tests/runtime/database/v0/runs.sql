BEGIN TRANSACTION;
CREATE TABLE connector_runs (id TEXT NOT NULL, connector TEXT NOT NULL, door TEXT NOT NULL, connection TEXT NOT NULL, action TEXT NOT NULL, request TEXT NOT NULL, is_write INTEGER NOT NULL, started_at DOUBLE PRECISION NOT NULL, outcome TEXT NOT NULL, elapsed DOUBLE PRECISION, status INTEGER, code TEXT, request_id TEXT, error TEXT, attempts INTEGER NOT NULL, process TEXT NOT NULL, details TEXT NOT NULL, PRIMARY KEY (id));
INSERT INTO "connector_runs" VALUES('1a226b0ddfac36473fc','zoom','python','sandbox','createMeeting','POST /users/me/meetings',1,1.79594545509882783885e+09,'done',0.104446,201,NULL,'sandbox-1',NULL,1,'vm 28002','{"inputs": {"userId": "me", "topic": "Standup"}}');
INSERT INTO "connector_runs" VALUES('1a226b0de654fa0f42f','zoom','python','sandbox','getMeeting','GET /meetings/1',0,1.79594545520521235463e+09,'rejected',0.005248,404,'3001','sandbox-2','NotFound',1,'vm 28002','{"inputs": {"meetingId": "1"}, "message": "The service refused GET /meetings/1: HTTP 404, code 3001: Does not exist: 1.", "hint": "Nothing has this id for this connection; look the id up."}');
CREATE INDEX connector_runs_started ON connector_runs (started_at);
CREATE INDEX connector_runs_outcome ON connector_runs (outcome, started_at);
COMMIT;
