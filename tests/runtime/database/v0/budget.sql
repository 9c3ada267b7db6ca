BEGIN TRANSACTION;
CREATE TABLE connector_budget (
	"key" TEXT NOT NULL, 
	line TEXT NOT NULL, 
	ends FLOAT NOT NULL, 
	PRIMARY KEY ("key")
);
INSERT INTO "connector_budget" VALUES('zoom/sandbox/light','[[1795945455.2396255, 0.0, 0.0, 0.0, 0.0, 1795945455.2057922], [], []]',1.795945455239625454e+09);
INSERT INTO "connector_budget" VALUES('zoom/sandbox/meetings-per-host:2744ccd10c7533bd736ad890f9dd5cab','[[1795945455.1164067, 0.0, 0.0, 0.0, 0.0, 1795945455.1164067], [], [[20786, 1]]]',1795996800.0);
COMMIT;
