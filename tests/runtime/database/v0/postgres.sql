CREATE TABLE public.connector_budget (
    key text NOT NULL,
    line text NOT NULL,
    ends double precision NOT NULL
);
CREATE TABLE public.connector_bulk_row (
    run text NOT NULL,
    number integer NOT NULL,
    line integer NOT NULL,
    batch integer NOT NULL,
    state text NOT NULL,
    inputs text,
    result text,
    worker text,
    key text,
    sent_at double precision,
    may_resend integer NOT NULL,
    attempts integer NOT NULL,
    due_at double precision NOT NULL,
    finished_at double precision
);
CREATE TABLE public.connector_bulk_run (
    id text NOT NULL,
    name text NOT NULL,
    header text NOT NULL,
    options text NOT NULL,
    queue text NOT NULL,
    count integer NOT NULL,
    batch_size integer NOT NULL,
    loaded integer NOT NULL,
    state text NOT NULL,
    reason text,
    turn integer NOT NULL,
    keep_going integer NOT NULL,
    created_at double precision NOT NULL
);
CREATE TABLE public.connector_inbox (
    id bigint NOT NULL,
    key text NOT NULL,
    source text NOT NULL,
    trigger text NOT NULL,
    name text NOT NULL,
    subject text NOT NULL,
    received_at double precision NOT NULL,
    body bytea NOT NULL,
    state text NOT NULL,
    attempts integer NOT NULL,
    due_at double precision NOT NULL,
    error text NOT NULL,
    headers text DEFAULT '{}'::text NOT NULL
);
CREATE SEQUENCE public.connector_inbox_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.connector_inbox_id_seq OWNED BY public.connector_inbox.id;
CREATE TABLE public.connector_inbox_owner (
    source text NOT NULL,
    hosts text NOT NULL
);
CREATE TABLE public.connector_records (
    connector text NOT NULL,
    account text NOT NULL,
    resource text NOT NULL,
    id text NOT NULL,
    parent text NOT NULL,
    listing text NOT NULL,
    source text NOT NULL,
    variant text NOT NULL,
    hash text NOT NULL,
    seen_at double precision NOT NULL,
    whole_at double precision,
    written_at double precision,
    gone_at double precision,
    data text NOT NULL
);
CREATE TABLE public.connector_records_changes (
    seq bigint NOT NULL,
    connector text NOT NULL,
    account text NOT NULL,
    resource text NOT NULL,
    id text NOT NULL,
    change text NOT NULL,
    at double precision NOT NULL,
    data text NOT NULL
);
CREATE SEQUENCE public.connector_records_changes_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.connector_records_changes_seq_seq OWNED BY public.connector_records_changes.seq;
CREATE TABLE public.connector_records_lists (
    connector text NOT NULL,
    account text NOT NULL,
    listing text NOT NULL,
    resource text NOT NULL,
    complete_at double precision NOT NULL,
    count integer NOT NULL
);
CREATE TABLE public.connector_runs (
    id text NOT NULL,
    connector text NOT NULL,
    door text NOT NULL,
    connection text NOT NULL,
    action text NOT NULL,
    request text NOT NULL,
    is_write integer NOT NULL,
    started_at double precision NOT NULL,
    outcome text NOT NULL,
    elapsed double precision,
    status integer,
    code text,
    request_id text,
    error text,
    attempts integer NOT NULL,
    process text NOT NULL,
    details text NOT NULL
);
CREATE TABLE public.connector_store (
    key text NOT NULL,
    version bigint NOT NULL,
    data text NOT NULL,
    updated_at timestamp with time zone NOT NULL
);
CREATE VIEW public.zoom_meetings AS
 SELECT connector_records.id,
    connector_records.account,
    connector_records.parent,
    connector_records.source,
    connector_records.seen_at,
    connector_records.gone_at,
    connector_records.data,
    ((connector_records.data)::json ->> 'assistant_id'::text) AS assistant_id,
    ((connector_records.data)::json ->> 'host_email'::text) AS host_email,
    ((connector_records.data)::json ->> 'host_id'::text) AS host_id,
    ((connector_records.data)::json ->> 'uuid'::text) AS uuid,
    ((connector_records.data)::json ->> 'registration_url'::text) AS registration_url,
    ((connector_records.data)::json ->> 'agenda'::text) AS agenda,
    ((connector_records.data)::json ->> 'created_at'::text) AS created_at,
        CASE
            WHEN (json_typeof(((connector_records.data)::json -> 'duration'::text)) = 'number'::text) THEN (((connector_records.data)::json ->> 'duration'::text))::numeric
            ELSE NULL::numeric
        END AS duration,
    ((connector_records.data)::json ->> 'encrypted_password'::text) AS encrypted_password,
    ((connector_records.data)::json ->> 'pstn_password'::text) AS pstn_password,
    ((connector_records.data)::json ->> 'h323_password'::text) AS h323_password,
    ((connector_records.data)::json ->> 'join_url'::text) AS join_url,
    ((connector_records.data)::json ->> 'chat_join_url'::text) AS chat_join_url,
    ((connector_records.data)::json ->> 'password'::text) AS password,
    ((connector_records.data)::json ->> 'pmi'::text) AS pmi,
        CASE
            WHEN (json_typeof(((connector_records.data)::json -> 'pre_schedule'::text)) = 'boolean'::text) THEN (((connector_records.data)::json ->> 'pre_schedule'::text))::boolean
            ELSE NULL::boolean
        END AS pre_schedule,
    ((connector_records.data)::json ->> 'start_time'::text) AS start_time,
    ((connector_records.data)::json ->> 'start_url'::text) AS start_url,
    ((connector_records.data)::json ->> 'status'::text) AS status,
    ((connector_records.data)::json ->> 'template_id'::text) AS template_id,
    ((connector_records.data)::json ->> 'timezone'::text) AS timezone,
    ((connector_records.data)::json ->> 'topic'::text) AS topic,
        CASE
            WHEN (json_typeof(((connector_records.data)::json -> 'type'::text)) = 'number'::text) THEN (((connector_records.data)::json ->> 'type'::text))::numeric
            ELSE NULL::numeric
        END AS type,
    ((connector_records.data)::json ->> 'dynamic_host_key'::text) AS dynamic_host_key,
    ((connector_records.data)::json ->> 'creation_source'::text) AS creation_source
   FROM public.connector_records
  WHERE ((connector_records.connector = 'zoom'::text) AND (connector_records.resource = 'meetings'::text));
CREATE VIEW public.zoom_registrants AS
 SELECT connector_records.id,
    connector_records.account,
    connector_records.parent,
    connector_records.source,
    connector_records.seen_at,
    connector_records.gone_at,
    connector_records.data,
    ((connector_records.data)::json ->> 'address'::text) AS address,
    ((connector_records.data)::json ->> 'city'::text) AS city,
    ((connector_records.data)::json ->> 'comments'::text) AS comments,
    ((connector_records.data)::json ->> 'country'::text) AS country,
    ((connector_records.data)::json ->> 'email'::text) AS email,
    ((connector_records.data)::json ->> 'first_name'::text) AS first_name,
    ((connector_records.data)::json ->> 'industry'::text) AS industry,
    ((connector_records.data)::json ->> 'job_title'::text) AS job_title,
    ((connector_records.data)::json ->> 'last_name'::text) AS last_name,
    ((connector_records.data)::json ->> 'no_of_employees'::text) AS no_of_employees,
    ((connector_records.data)::json ->> 'org'::text) AS org,
    ((connector_records.data)::json ->> 'phone'::text) AS phone,
    ((connector_records.data)::json ->> 'purchasing_time_frame'::text) AS purchasing_time_frame,
    ((connector_records.data)::json ->> 'role_in_purchase_process'::text) AS role_in_purchase_process,
    ((connector_records.data)::json ->> 'state'::text) AS state,
    ((connector_records.data)::json ->> 'status'::text) AS status,
    ((connector_records.data)::json ->> 'zip'::text) AS zip,
    ((connector_records.data)::json ->> 'create_time'::text) AS create_time,
    ((connector_records.data)::json ->> 'join_url'::text) AS join_url,
        CASE
            WHEN (json_typeof(((connector_records.data)::json -> 'participant_pin_code'::text)) = 'number'::text) THEN (((connector_records.data)::json ->> 'participant_pin_code'::text))::numeric
            ELSE NULL::numeric
        END AS participant_pin_code
   FROM public.connector_records
  WHERE ((connector_records.connector = 'zoom'::text) AND (connector_records.resource = 'registrants'::text));
CREATE VIEW public.zoom_users AS
 SELECT connector_records.id,
    connector_records.account,
    connector_records.parent,
    connector_records.source,
    connector_records.seen_at,
    connector_records.gone_at,
    connector_records.data,
    ((connector_records.data)::json ->> 'first_name'::text) AS first_name,
    ((connector_records.data)::json ->> 'last_name'::text) AS last_name,
    ((connector_records.data)::json ->> 'display_name'::text) AS display_name,
    ((connector_records.data)::json ->> 'email'::text) AS email,
        CASE
            WHEN (json_typeof(((connector_records.data)::json -> 'type'::text)) = 'number'::text) THEN (((connector_records.data)::json ->> 'type'::text))::numeric
            ELSE NULL::numeric
        END AS type,
    ((connector_records.data)::json ->> 'status'::text) AS status,
        CASE
            WHEN (json_typeof(((connector_records.data)::json -> 'verified'::text)) = 'number'::text) THEN (((connector_records.data)::json ->> 'verified'::text))::numeric
            ELSE NULL::numeric
        END AS verified,
    ((connector_records.data)::json ->> 'role_id'::text) AS role_id,
    ((connector_records.data)::json ->> 'role_name'::text) AS role_name,
        CASE
            WHEN (json_typeof(((connector_records.data)::json -> 'pmi'::text)) = 'number'::text) THEN (((connector_records.data)::json ->> 'pmi'::text))::numeric
            ELSE NULL::numeric
        END AS pmi,
        CASE
            WHEN (json_typeof(((connector_records.data)::json -> 'use_pmi'::text)) = 'boolean'::text) THEN (((connector_records.data)::json ->> 'use_pmi'::text))::boolean
            ELSE NULL::boolean
        END AS use_pmi,
    ((connector_records.data)::json ->> 'personal_meeting_url'::text) AS personal_meeting_url,
    ((connector_records.data)::json ->> 'vanity_url'::text) AS vanity_url,
    ((connector_records.data)::json ->> 'host_key'::text) AS host_key,
    ((connector_records.data)::json ->> 'pic_url'::text) AS pic_url,
    ((connector_records.data)::json ->> 'timezone'::text) AS timezone,
    ((connector_records.data)::json ->> 'language'::text) AS language,
    ((connector_records.data)::json ->> 'location'::text) AS location,
    ((connector_records.data)::json ->> 'company'::text) AS company,
    ((connector_records.data)::json ->> 'dept'::text) AS dept,
    ((connector_records.data)::json ->> 'job_title'::text) AS job_title,
    ((connector_records.data)::json ->> 'cost_center'::text) AS cost_center,
    ((connector_records.data)::json ->> 'manager'::text) AS manager,
    ((connector_records.data)::json ->> 'pronouns'::text) AS pronouns,
        CASE
            WHEN (json_typeof(((connector_records.data)::json -> 'pronouns_option'::text)) = 'number'::text) THEN (((connector_records.data)::json ->> 'pronouns_option'::text))::numeric
            ELSE NULL::numeric
        END AS pronouns_option,
    ((connector_records.data)::json ->> 'account_id'::text) AS account_id,
        CASE
            WHEN (json_typeof(((connector_records.data)::json -> 'account_number'::text)) = 'number'::text) THEN (((connector_records.data)::json ->> 'account_number'::text))::numeric
            ELSE NULL::numeric
        END AS account_number,
    ((connector_records.data)::json ->> 'cms_user_id'::text) AS cms_user_id,
    ((connector_records.data)::json ->> 'employee_unique_id'::text) AS employee_unique_id,
    ((connector_records.data)::json ->> 'jid'::text) AS jid,
    ((connector_records.data)::json ->> 'cluster'::text) AS cluster,
    ((connector_records.data)::json ->> 'created_at'::text) AS created_at,
    ((connector_records.data)::json ->> 'user_created_at'::text) AS user_created_at,
    ((connector_records.data)::json ->> 'last_login_time'::text) AS last_login_time,
    ((connector_records.data)::json ->> 'last_client_version'::text) AS last_client_version,
    ((connector_records.data)::json ->> 'phone_country'::text) AS phone_country,
    ((connector_records.data)::json ->> 'phone_number'::text) AS phone_number,
    ((connector_records.data)::json ->> 'plan_united_type'::text) AS plan_united_type,
        CASE
            WHEN (json_typeof(((connector_records.data)::json -> 'zoom_one_type'::text)) = 'number'::text) THEN (((connector_records.data)::json ->> 'zoom_one_type'::text))::numeric
            ELSE NULL::numeric
        END AS zoom_one_type
   FROM public.connector_records
  WHERE ((connector_records.connector = 'zoom'::text) AND (connector_records.resource = 'users'::text));
CREATE VIEW public.zoom_webinar_registrants AS
 SELECT connector_records.id,
    connector_records.account,
    connector_records.parent,
    connector_records.source,
    connector_records.seen_at,
    connector_records.gone_at,
    connector_records.data,
    ((connector_records.data)::json ->> 'address'::text) AS address,
    ((connector_records.data)::json ->> 'city'::text) AS city,
    ((connector_records.data)::json ->> 'comments'::text) AS comments,
    ((connector_records.data)::json ->> 'country'::text) AS country,
    ((connector_records.data)::json ->> 'email'::text) AS email,
    ((connector_records.data)::json ->> 'first_name'::text) AS first_name,
    ((connector_records.data)::json ->> 'industry'::text) AS industry,
    ((connector_records.data)::json ->> 'job_title'::text) AS job_title,
    ((connector_records.data)::json ->> 'last_name'::text) AS last_name,
    ((connector_records.data)::json ->> 'no_of_employees'::text) AS no_of_employees,
    ((connector_records.data)::json ->> 'org'::text) AS org,
    ((connector_records.data)::json ->> 'phone'::text) AS phone,
    ((connector_records.data)::json ->> 'purchasing_time_frame'::text) AS purchasing_time_frame,
    ((connector_records.data)::json ->> 'role_in_purchase_process'::text) AS role_in_purchase_process,
    ((connector_records.data)::json ->> 'state'::text) AS state,
    ((connector_records.data)::json ->> 'status'::text) AS status,
    ((connector_records.data)::json ->> 'zip'::text) AS zip,
    ((connector_records.data)::json ->> 'create_time'::text) AS create_time,
    ((connector_records.data)::json ->> 'join_url'::text) AS join_url,
        CASE
            WHEN (json_typeof(((connector_records.data)::json -> 'participant_pin_code'::text)) = 'number'::text) THEN (((connector_records.data)::json ->> 'participant_pin_code'::text))::numeric
            ELSE NULL::numeric
        END AS participant_pin_code
   FROM public.connector_records
  WHERE ((connector_records.connector = 'zoom'::text) AND (connector_records.resource = 'webinarRegistrants'::text));
CREATE VIEW public.zoom_webinars AS
 SELECT connector_records.id,
    connector_records.account,
    connector_records.parent,
    connector_records.source,
    connector_records.seen_at,
    connector_records.gone_at,
    connector_records.data,
    ((connector_records.data)::json ->> 'host_email'::text) AS host_email,
    ((connector_records.data)::json ->> 'host_id'::text) AS host_id,
    ((connector_records.data)::json ->> 'template_id'::text) AS template_id,
    ((connector_records.data)::json ->> 'uuid'::text) AS uuid,
    ((connector_records.data)::json ->> 'agenda'::text) AS agenda,
    ((connector_records.data)::json ->> 'created_at'::text) AS created_at,
        CASE
            WHEN (json_typeof(((connector_records.data)::json -> 'duration'::text)) = 'number'::text) THEN (((connector_records.data)::json ->> 'duration'::text))::numeric
            ELSE NULL::numeric
        END AS duration,
    ((connector_records.data)::json ->> 'registration_url'::text) AS registration_url,
    ((connector_records.data)::json ->> 'join_url'::text) AS join_url,
    ((connector_records.data)::json ->> 'password'::text) AS password,
    ((connector_records.data)::json ->> 'encrypted_passcode'::text) AS encrypted_passcode,
    ((connector_records.data)::json ->> 'h323_passcode'::text) AS h323_passcode,
    ((connector_records.data)::json ->> 'start_time'::text) AS start_time,
    ((connector_records.data)::json ->> 'start_url'::text) AS start_url,
    ((connector_records.data)::json ->> 'timezone'::text) AS timezone,
    ((connector_records.data)::json ->> 'topic'::text) AS topic,
        CASE
            WHEN (json_typeof(((connector_records.data)::json -> 'type'::text)) = 'number'::text) THEN (((connector_records.data)::json ->> 'type'::text))::numeric
            ELSE NULL::numeric
        END AS type,
        CASE
            WHEN (json_typeof(((connector_records.data)::json -> 'is_simulive'::text)) = 'boolean'::text) THEN (((connector_records.data)::json ->> 'is_simulive'::text))::boolean
            ELSE NULL::boolean
        END AS is_simulive,
    ((connector_records.data)::json ->> 'record_file_id'::text) AS record_file_id,
        CASE
            WHEN (json_typeof(((connector_records.data)::json -> 'transition_to_live'::text)) = 'boolean'::text) THEN (((connector_records.data)::json ->> 'transition_to_live'::text))::boolean
            ELSE NULL::boolean
        END AS transition_to_live,
    ((connector_records.data)::json ->> 'creation_source'::text) AS creation_source
   FROM public.connector_records
  WHERE ((connector_records.connector = 'zoom'::text) AND (connector_records.resource = 'webinars'::text));
ALTER TABLE ONLY public.connector_inbox ALTER COLUMN id SET DEFAULT nextval('public.connector_inbox_id_seq'::regclass);
ALTER TABLE ONLY public.connector_records_changes ALTER COLUMN seq SET DEFAULT nextval('public.connector_records_changes_seq_seq'::regclass);
INSERT INTO public.connector_budget VALUES ('zoom/sandbox/meetings-per-host:2744ccd10c7533bd736ad890f9dd5cab', '[[1795945458.648112, 0.0, 0.0, 0.0, 0.0, 1795945458.648112], [], [[20786, 1]]]', 1795996800);
INSERT INTO public.connector_budget VALUES ('zoom/sandbox/light', '[[1795945458.7157786, 0.0, 0.0, 0.0, 0.0, 1795945458.662318], [], []]', 1795945458.7157786);
INSERT INTO public.connector_bulk_row VALUES ('e634fc5741417cbd', 1, 2, 1, 'waiting', '{"plain": {"name": "n1"}}', NULL, NULL, NULL, NULL, 0, 0, 0, NULL);
INSERT INTO public.connector_bulk_row VALUES ('e634fc5741417cbd', 2, 3, 1, 'waiting', '{"plain": {"name": "n2"}}', NULL, NULL, NULL, NULL, 0, 0, 0, NULL);
INSERT INTO public.connector_bulk_row VALUES ('e634fc5741417cbd', 3, 4, 1, 'waiting', '{"plain": {"name": "n3"}}', NULL, NULL, NULL, NULL, 0, 0, 0, NULL);
INSERT INTO public.connector_bulk_run VALUES ('e634fc5741417cbd', 'people', '{"action": "createUser", "rows": "digest", "values": "digest"}', '{}', 'zoom service', 3, 5, 3, 'running', NULL, 1, 1, 1795945458.867113);
INSERT INTO public.connector_inbox VALUES (2, 'f54f1ca6f7e8fb4cbbacfe9fe4bbb58885f0b4070cbc9eb896a4dfb40fdd2907', 'zoom.webhookReceiver', 'webhookReceiver', 'meeting.started', '2', 1795945458.5825276, '\x7b226576656e74223a20226d656574696e672e73746172746564222c20226576656e745f7473223a20313732303730373137353030322c20227061796c6f6164223a207b226163636f756e745f6964223a2022616363222c20226f626a656374223a207b226964223a202232227d7d7d', 'pending', 0, 1795945458.5825276, '', '{}');
INSERT INTO public.connector_inbox VALUES (3, '6d248e594ebed2b6b9fcf0755c2174ec88a306b5fb112f764775a4061d9e816e', 'zoom.webhookReceiver', 'webhookReceiver', 'meeting.started', '3', 1795945458.5859165, '\x7b226576656e74223a20226d656574696e672e73746172746564222c20226576656e745f7473223a20313732303730373137353030332c20227061796c6f6164223a207b226163636f756e745f6964223a2022616363222c20226f626a656374223a207b226964223a202233227d7d7d', 'pending', 0, 1795945458.5859165, '', '{}');
INSERT INTO public.connector_inbox VALUES (1, '41885b4e872391f6d2abcabed00cb5ca7d8d20ccf71e408531eef996b850fb05', 'zoom.webhookReceiver', 'webhookReceiver', 'meeting.started', '1', 1795945458.522506, '\x7b226576656e74223a20226d656574696e672e73746172746564222c20226576656e745f7473223a20313732303730373137353030312c20227061796c6f6164223a207b226163636f756e745f6964223a2022616363222c20226f626a656374223a207b226964223a202231227d7d7d', 'delivered', 1, 1795945458.522506, '', '{}');
INSERT INTO public.connector_inbox_owner VALUES ('zoom.webhookReceiver', '["api.zoom.us"]');
INSERT INTO public.connector_records VALUES ('zoom', 'sandbox', 'users', 'KdYKjnimT4KPd8FFgQt9FQ', '', '/users?status=active', 'list', '', '92aca72277333833f2645a94ae36ffd9', 1795945458.6891425, NULL, NULL, NULL, '{"id": "KdYKjnimT4KPd8FFgQt9FQ", "first_name": "Ada", "last_name": "Byron", "display_name": "Ada Byron", "email": "ada@example.com", "type": 2, "status": "active", "role_id": "2", "timezone": "Europe/London", "verified": 1, "user_created_at": "2026-11-29T09:44:18Z", "last_login_time": "2026-11-29T09:44:18Z", "last_client_version": "6.2.5.2440(mac)", "group_ids": [], "im_group_ids": [], "employee_unique_id": "DSRqwEyBsbryPjv57vX3nw"}');
INSERT INTO public.connector_records VALUES ('zoom', 'sandbox', 'meetings', '15410196619', 'KdYKjnimT4KPd8FFgQt9FQ', '/users/KdYKjnimT4KPd8FFgQt9FQ/meetings?type=scheduled', 'list', '', 'a2f5b21bd88c4f49ce9550d54bc14016', 1795945458.7469888, NULL, NULL, NULL, '{"created_at": "2026-11-29T09:44:18Z", "host_id": "KdYKjnimT4KPd8FFgQt9FQ", "id": 15410196619, "join_url": "https://example.com/j/15410196619", "pmi": "5512087364", "topic": "Standup", "uuid": "298cjpfpavjd2k2SmDhcCg"}');
INSERT INTO public.connector_records_changes VALUES (1, 'zoom', 'sandbox', 'users', 'KdYKjnimT4KPd8FFgQt9FQ', 'added', 1795945458.6891425, '{"id": "KdYKjnimT4KPd8FFgQt9FQ", "first_name": "Ada", "last_name": "Byron", "display_name": "Ada Byron", "email": "ada@example.com", "type": 2, "status": "active", "role_id": "2", "timezone": "Europe/London", "verified": 1, "user_created_at": "2026-11-29T09:44:18Z", "last_login_time": "2026-11-29T09:44:18Z", "last_client_version": "6.2.5.2440(mac)", "group_ids": [], "im_group_ids": [], "employee_unique_id": "DSRqwEyBsbryPjv57vX3nw"}');
INSERT INTO public.connector_records_changes VALUES (2, 'zoom', 'sandbox', 'meetings', '15410196619', 'added', 1795945458.7469888, '{"created_at": "2026-11-29T09:44:18Z", "host_id": "KdYKjnimT4KPd8FFgQt9FQ", "id": 15410196619, "join_url": "https://example.com/j/15410196619", "pmi": "5512087364", "topic": "Standup", "uuid": "298cjpfpavjd2k2SmDhcCg"}');
INSERT INTO public.connector_records_lists VALUES ('zoom', 'sandbox', '/users?status=active', 'users', 1795945458.6854289, 1);
INSERT INTO public.connector_records_lists VALUES ('zoom', 'sandbox', '/users/KdYKjnimT4KPd8FFgQt9FQ/meetings?type=scheduled', 'meetings', 1795945458.7458851, 1);
INSERT INTO public.connector_runs VALUES ('1a226b0ebb07dbc40e3', 'zoom', 'python', 'sandbox', 'createMeeting', 'POST /users/me/meetings', 1, 1795945458.6085453, 'done', 0.047057, 201, NULL, 'sandbox-1', NULL, 1, 'vm 28002', '{"inputs": {"userId": "me", "topic": "Standup"}}');
INSERT INTO public.connector_runs VALUES ('1a226b0ebdf6553f456', 'zoom', 'python', 'sandbox', 'getMeeting', 'GET /meetings/1', 0, 1795945458.6558113, 'rejected', 0.029144, 404, '3001', 'sandbox-2', 'NotFound', 1, 'vm 28002', '{"inputs": {"meetingId": "1"}, "message": "The service refused GET /meetings/1: HTTP 404, code 3001: Does not exist: 1.", "hint": "Nothing has this id for this connection; look the id up.", "waited": 0.02}');
INSERT INTO public.connector_store VALUES ('connection%3Azoom%3Awork', 1, '{"schema":1,"key":"connection:zoom:work","version":1,"data":{"key":"98b04bdd9cd9","sealed":"gAAAAABrC_Py696_Sq8Opw12ruQ8-PSpzySyRrJsfxk8eSr4qkqpaljVX1tyQXl_iiRbCgbl3ADAVrschFHuJL4ingcdKN003FLPSGZnTpU6kqiWQ6l_utfGsCltO_k5epfQz07TCquD910z6JD3pGlNAuRdbqWWpzv1EHZS0M-iv3MPZc4NO6moPkIeq9V9-ALYrtefIh6dHUkoixclzKPonBWYYb25V6WRjzHig1kNtsxLtxrVXyyzCwAHdCIs6pLVHAOE-064IN6yNASK9JvFwEGldnGmoyek7vwuTSOzTVST0W-fNzl-QdpRtgVM-yahLhT3qIEevGRlftZzHTcfeAakHdBEUJRsgtgz-TXH2hKQpDxdiApDk_ghpxFIAgsLJm9VHznKCkKvrGLvk84Pu4SkdGMGSQ=="},"sha256":"5ab93aa2dffbca5d9f023ca6df0a9a102eb5fe39bff323fa4a40d5d279f03c9d"}
', '2026-11-29 09:44:18.479071+00');
INSERT INTO public.connector_store VALUES ('connection%3Azoom%3Aa%20b%2Fc', 1, '{"schema":1,"key":"connection:zoom:a b/c","version":1,"data":{"key":"98b04bdd9cd9","sealed":"gAAAAABrC_PyNDFpuEjJH-ZZ3gR0YXGrd9ATKYh4nqa3hqAdb_OTGFb-25RMsCvrStuaoEt8HWVKjNEhicZ4r5jdDKFCcFYZDF79VAn8pxnOZJD7VRCx8icydpC3aRPgJiD89pDSOGsUiutOo2Wi9-vAFpnLvIJVPZlQZCManDcRPE5juW-fhwjf_cQhtl7i9z1fIIkqyJxMqWONtAcrkY0yxjuexcha5kurOwE5djoxrwFvldZXVpAtFMooVS_UKgONirb8C95pK8-coomxpel7AWcHOWSwcSDH8PZuKqzjo76oiS7B9cdFm9VDXr0HDDpRnzDjnpmJkVEAW3FCDuZJbNKFppsp_suL3mcw3u5TNbFTkIaMOhyELdBEc3LOZGexFoegqim1KvZ3Sziz6IUfgc0ikespb2zfrHEkJXeVbg1kWxFUvRE="},"sha256":"396fc3c9364b6abe18e93e34376f02862db746f4f5dd1a4412c0139b3dca2c36"}
', '2026-11-29 09:44:18.489341+00');
SELECT pg_catalog.setval('public.connector_inbox_id_seq', 3, true);
SELECT pg_catalog.setval('public.connector_records_changes_seq_seq', 2, true);
ALTER TABLE ONLY public.connector_budget
    ADD CONSTRAINT connector_budget_pkey PRIMARY KEY (key);
ALTER TABLE ONLY public.connector_bulk_row
    ADD CONSTRAINT connector_bulk_row_pkey PRIMARY KEY (run, number);
ALTER TABLE ONLY public.connector_bulk_run
    ADD CONSTRAINT connector_bulk_run_name_key UNIQUE (name);
ALTER TABLE ONLY public.connector_bulk_run
    ADD CONSTRAINT connector_bulk_run_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.connector_inbox
    ADD CONSTRAINT connector_inbox_key UNIQUE (source, key);
ALTER TABLE ONLY public.connector_inbox_owner
    ADD CONSTRAINT connector_inbox_owner_pkey PRIMARY KEY (source);
ALTER TABLE ONLY public.connector_inbox
    ADD CONSTRAINT connector_inbox_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.connector_records_changes
    ADD CONSTRAINT connector_records_changes_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY public.connector_records_lists
    ADD CONSTRAINT connector_records_lists_pkey PRIMARY KEY (connector, account, listing);
ALTER TABLE ONLY public.connector_records
    ADD CONSTRAINT connector_records_pkey PRIMARY KEY (connector, account, resource, id);
ALTER TABLE ONLY public.connector_runs
    ADD CONSTRAINT connector_runs_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.connector_store
    ADD CONSTRAINT connector_store_pkey PRIMARY KEY (key);
CREATE INDEX connector_bulk_row_finished ON public.connector_bulk_row USING btree (run, finished_at);
CREATE INDEX connector_bulk_row_state ON public.connector_bulk_row USING btree (run, state);
CREATE INDEX connector_inbox_due ON public.connector_inbox USING btree (source, state, due_at);
CREATE INDEX connector_inbox_order ON public.connector_inbox USING btree (subject, id) WHERE (state = 'pending'::text);
CREATE INDEX connector_records_listing ON public.connector_records USING btree (connector, account, listing);
CREATE INDEX connector_runs_outcome ON public.connector_runs USING btree (outcome, started_at);
CREATE INDEX connector_runs_started ON public.connector_runs USING btree (started_at);
