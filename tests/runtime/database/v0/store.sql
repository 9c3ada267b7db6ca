BEGIN TRANSACTION;
CREATE TABLE connector_store (
	"key" TEXT NOT NULL, 
	version BIGINT NOT NULL, 
	data TEXT NOT NULL, 
	updated_at DATETIME NOT NULL, 
	PRIMARY KEY ("key")
);
INSERT INTO "connector_store" VALUES('connection%3Azoom%3Awork',1,'{"schema":1,"key":"connection:zoom:work","version":1,"data":{"key":"98b04bdd9cd9","sealed":"gAAAAABrC_Puc6JXlgdhsyQJP80BPRtAyTZMaxDfs-JXUH9aVUmBG922SaTCg4biRmWRGtIhB6Pzhz9aBpnKhaFgdFkviB4NCnbCO0EtiGjjdi2u0NU8KZvrQ3FXFKKn0IH5m0RVbEX5bgM27BHBjHYDZwl4_iIaGVb_ApDb7jKmvX-O2oXm6n-OYCsEoFuaStBo9dAege-IOKhGSoYaZ1vhN1JfuVcUaMR3TSJnYgu50f8BXQvPY3RJreV1cmvTu9iM0vvOymQ3Vca24P6N5M2il_xY4hYUc6YRAwauw_d1CG0v1yxrRuHnvL6jiIH_FYsczgyNrfny7AOQJIJnL-ZbuV_yA6jDar8V6syTKKwHZ9kvBKv3NrBEqCT4WQhg8DlLYk0DbXiQ1bTrYij0lHFAQmZeJBjLow=="},"sha256":"625425002599a2428cd855f9b6808518293f3d021493b9ee63e3665ccb27e71e"}
','2026-11-29 09:44:14');
INSERT INTO "connector_store" VALUES('connection%3Azoom%3Aa%20b%2Fc',1,'{"schema":1,"key":"connection:zoom:a b/c","version":1,"data":{"key":"98b04bdd9cd9","sealed":"gAAAAABrC_Pu5vQFSDqub1HUD-0Xv880kqLalKfM6Qov4Fvdk5kML324Gi8_3XPj9NRdF_U8e_eDWFICLZYcUmFj67MQJ1vsQTJQpt27x7XIc9vw_qv64oNIjY-u1YnLDpe--eVqpX8AVxCtaPyPrRq_4dO52ajdyWqGJdQv_UZqCSgMbfIIPI0npwcLg02D1rutzb75FVPajp-MzyZTVacSDxVsRNTlt6TBDLdmdvA3mpV1tZ0ph-cy2NAsP6G3UVe1jY-IH4kE3Dded47hjpHRftmXhptlhlO55deafjmdn7BSDta39ZPoYrmeR0Z4Pu_VPdy5cJ0w75eEr6wvAFrgtNCtvnBgEZdxz3wa3QnZgZJHIFot1ahfOKqoCsb9Ndyngw0OXGkQf00JTvLvdfkezFyFsy-a0JbnXb5TdPKm2obaHuBwt2c="},"sha256":"b5b223e3d7e6d810307b4e69fba28c60ac2a6348a0daca95034482d42abee726"}
','2026-11-29 09:44:14');
COMMIT;
