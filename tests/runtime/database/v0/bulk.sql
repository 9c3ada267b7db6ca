BEGIN TRANSACTION;
CREATE TABLE connector_bulk_row (
	run TEXT NOT NULL, 
	number INTEGER NOT NULL, 
	line INTEGER NOT NULL, 
	batch INTEGER NOT NULL, 
	state TEXT NOT NULL, 
	inputs TEXT, 
	result TEXT, 
	worker TEXT, 
	"key" TEXT, 
	sent_at FLOAT, 
	may_resend INTEGER NOT NULL, 
	attempts INTEGER NOT NULL, 
	due_at FLOAT NOT NULL, 
	finished_at FLOAT, 
	PRIMARY KEY (run, number)
);
INSERT INTO "connector_bulk_row" VALUES('832fdc074c8f30f3',1,2,1,'waiting','{"plain": {"name": "n1"}}',NULL,NULL,NULL,NULL,0,0,0.0,NULL);
INSERT INTO "connector_bulk_row" VALUES('832fdc074c8f30f3',2,3,1,'waiting','{"plain": {"name": "n2"}}',NULL,NULL,NULL,NULL,0,0,0.0,NULL);
INSERT INTO "connector_bulk_row" VALUES('832fdc074c8f30f3',3,4,1,'waiting','{"plain": {"name": "n3"}}',NULL,NULL,NULL,NULL,0,0,0.0,NULL);
CREATE TABLE connector_bulk_run (
	id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	header TEXT NOT NULL, 
	options TEXT NOT NULL, 
	queue TEXT NOT NULL, 
	count INTEGER NOT NULL, 
	batch_size INTEGER NOT NULL, 
	loaded INTEGER NOT NULL, 
	state TEXT NOT NULL, 
	reason TEXT, 
	turn INTEGER NOT NULL, 
	keep_going INTEGER NOT NULL, 
	created_at FLOAT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (name)
);
INSERT INTO "connector_bulk_run" VALUES('832fdc074c8f30f3','people','{"action": "createUser", "rows": "digest", "values": "digest"}','{}','zoom service',3,5,3,'running',NULL,1,1,1.79594545537799310684e+09);
CREATE INDEX connector_bulk_row_state ON connector_bulk_row (run, state);
CREATE INDEX connector_bulk_row_finished ON connector_bulk_row (run, finished_at);
COMMIT;
