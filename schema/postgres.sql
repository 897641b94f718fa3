CREATE TABLE audit_event (
    no BIGINT NOT NULL,
    at TEXT NOT NULL,
    account TEXT,
    actor TEXT NOT NULL,
    organisation TEXT,
    on_behalf_of TEXT,
    action TEXT NOT NULL,
    viewed BOOLEAN NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    enterprise TEXT,
    value_before TEXT,
    value_after TEXT,
    detail TEXT,
    address TEXT,
    agent TEXT,
    request TEXT,
    key_id TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (no)
);
CREATE INDEX audit_event_account ON audit_event USING btree (account, at, no) WHERE (account IS NOT NULL);
CREATE INDEX audit_event_action ON audit_event USING btree (action, at, no);
CREATE INDEX audit_event_at ON audit_event USING btree (at, no);
CREATE INDEX audit_event_enterprise ON audit_event USING btree (enterprise, at, no) WHERE (enterprise IS NOT NULL);
CREATE INDEX audit_event_subject ON audit_event USING btree (subject_kind, subject_id, at, no);
CREATE TABLE audit_head (
    id BIGINT NOT NULL,
    no BIGINT NOT NULL,
    hash TEXT NOT NULL,
    key_id TEXT NOT NULL,
    seal TEXT NOT NULL,
    base_no BIGINT NOT NULL,
    base_hash TEXT NOT NULL,
    PRIMARY KEY (id)
);
CREATE TABLE case_clock (
    case_id TEXT NOT NULL,
    clock TEXT NOT NULL,
    room TEXT NOT NULL,
    acts TEXT NOT NULL,
    organisation TEXT,
    due_at TEXT,
    look_at TEXT,
    level BIGINT NOT NULL,
    PRIMARY KEY (case_id, clock)
);
CREATE INDEX case_clock_acts ON case_clock USING btree (organisation, due_at, case_id);
CREATE INDEX case_clock_asked ON case_clock USING btree (organisation, case_id) WHERE (substr(clock, 1, 8) = 'opinion:'::text);
CREATE INDEX case_clock_look ON case_clock USING btree (room, look_at, case_id) WHERE (look_at IS NOT NULL);
CREATE TABLE case_event (
    case_id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    party TEXT NOT NULL,
    account TEXT,
    organisation TEXT,
    actor TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (case_id, seq)
);
CREATE TABLE case_head (
    id TEXT NOT NULL,
    room TEXT NOT NULL,
    number TEXT NOT NULL,
    enterprise TEXT NOT NULL,
    place TEXT NOT NULL,
    title TEXT NOT NULL,
    stage TEXT NOT NULL,
    outcome TEXT,
    turn TEXT NOT NULL,
    held BOOLEAN NOT NULL,
    holder TEXT,
    holder_name TEXT,
    handler TEXT,
    handler_name TEXT,
    version BIGINT NOT NULL,
    opened_at TEXT NOT NULL,
    closed_at TEXT,
    changed_at TEXT NOT NULL,
    due_at TEXT,
    due_clock TEXT,
    topic TEXT NOT NULL DEFAULT ''::text,
    urged TEXT,
    PRIMARY KEY (id)
);
CREATE INDEX case_head_enterprise ON case_head USING btree (enterprise, room, id);
CREATE INDEX case_head_holder ON case_head USING btree (holder, room, due_at, id) WHERE (closed_at IS NULL);
CREATE INDEX case_head_list ON case_head USING btree (room, id, place, topic, outcome, stage, turn, handler);
CREATE UNIQUE INDEX case_head_number ON case_head USING btree (number);
CREATE INDEX case_head_open ON case_head USING btree (room, stage, id, topic) WHERE (closed_at IS NULL);
CREATE INDEX case_head_opened ON case_head USING btree (room, opened_at);
CREATE INDEX case_head_queue ON case_head USING btree (room, COALESCE(due_at, '9999'::text), id, place, stage, turn, handler, topic, enterprise, number, title, due_at, urged) WHERE (closed_at IS NULL);
CREATE INDEX case_head_topic ON case_head USING btree (room, topic, id, place, outcome);
CREATE INDEX case_head_unfinished ON case_head USING btree (room, id) WHERE (closed_at IS NULL);
CREATE INDEX case_head_urged ON case_head USING btree (room, id, place, topic, outcome, stage, turn, handler, urged) WHERE (urged IS NOT NULL);
CREATE TABLE case_number (
    room TEXT NOT NULL,
    year BIGINT NOT NULL,
    last BIGINT NOT NULL,
    PRIMARY KEY (room, year)
);
CREATE TABLE case_stuck (
    case_id TEXT NOT NULL,
    task TEXT NOT NULL,
    room TEXT NOT NULL,
    tries BIGINT NOT NULL,
    since TEXT NOT NULL,
    failed_at TEXT NOT NULL,
    next_at TEXT NOT NULL,
    reason TEXT NOT NULL,
    told_at TEXT,
    PRIMARY KEY (case_id, task)
);
CREATE INDEX case_stuck_next ON case_stuck USING btree (room, task, next_at, case_id);
CREATE INDEX case_stuck_since ON case_stuck USING btree (since, case_id, task);
CREATE TABLE delivery (
    id TEXT NOT NULL,
    message_id TEXT NOT NULL,
    event TEXT NOT NULL,
    channel TEXT NOT NULL,
    account TEXT NOT NULL,
    address TEXT NOT NULL,
    mode TEXT NOT NULL,
    held BOOLEAN NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    link TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    error TEXT NOT NULL,
    number BIGINT,
    due_at TEXT NOT NULL,
    lease_owner TEXT NOT NULL,
    lease_until TEXT NOT NULL,
    created_at TEXT NOT NULL,
    sent_at TEXT,
    PRIMARY KEY (id)
);
CREATE INDEX delivery_address ON delivery USING btree (address, channel, state, id);
CREATE INDEX delivery_due ON delivery USING btree (state, mode, due_at);
CREATE INDEX delivery_message ON delivery USING btree (message_id);
CREATE INDEX delivery_number ON delivery USING btree (address, number);
CREATE INDEX delivery_state ON delivery USING btree (state, id);
CREATE TABLE enterprise (
    seq BIGINT NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    division TEXT NOT NULL,
    industry TEXT NOT NULL,
    size TEXT NOT NULL,
    status TEXT NOT NULL,
    registered_on TEXT NOT NULL,
    version BIGINT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (seq)
);
CREATE UNIQUE INDEX enterprise_code ON enterprise USING btree (code);
CREATE INDEX enterprise_division ON enterprise USING btree (division, code, seq);
CREATE INDEX enterprise_industry ON enterprise USING btree (industry, code, seq);
CREATE INDEX enterprise_name ON enterprise USING btree (name, code);
CREATE INDEX enterprise_registered_on ON enterprise USING btree (registered_on, code);
CREATE INDEX enterprise_version ON enterprise USING btree (version);
CREATE TABLE enterprise_facts (
    seq BIGINT NOT NULL,
    facts TEXT NOT NULL,
    PRIMARY KEY (seq)
);
CREATE TABLE enterprise_search (
    seq BIGINT NOT NULL,
    normal TEXT NOT NULL,
    tokens TSVECTOR NOT NULL,
    PRIMARY KEY (seq)
);
CREATE INDEX enterprise_search_tokens ON enterprise_search USING gin (tokens);
CREATE TABLE enterprise_tag (
    seq BIGINT NOT NULL,
    tag TEXT NOT NULL,
    PRIMARY KEY (seq, tag)
);
CREATE INDEX enterprise_tag_tag ON enterprise_tag USING btree (tag, seq);
CREATE TABLE export_template (
    id TEXT NOT NULL,
    account TEXT NOT NULL,
    list TEXT NOT NULL,
    name TEXT NOT NULL,
    headings TEXT NOT NULL,
    saved_at TEXT NOT NULL,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX export_template_name ON export_template USING btree (account, list, name);
CREATE TABLE fact_change (
    seq BIGINT NOT NULL,
    code TEXT NOT NULL,
    batch BIGINT NOT NULL,
    at TEXT NOT NULL,
    changes TEXT NOT NULL,
    PRIMARY KEY (seq)
);
CREATE INDEX fact_change_code ON fact_change USING btree (code, seq);
CREATE TABLE file (
    id TEXT NOT NULL,
    digest TEXT NOT NULL,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    uploaded_by TEXT NOT NULL,
    uploaded_at TEXT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX file_digest ON file USING btree (digest);
CREATE INDEX file_subject ON file USING btree (subject_kind, subject_id, id);
CREATE TABLE file_content (
    digest TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    scan_at TEXT NOT NULL,
    scan_attempts BIGINT NOT NULL,
    state_at TEXT NOT NULL,
    touched_at TEXT NOT NULL,
    PRIMARY KEY (digest)
);
CREATE INDEX file_content_scan ON file_content USING btree (state, scan_at);
CREATE INDEX file_content_touched ON file_content USING btree (touched_at);
CREATE TABLE import_batch (
    no BIGINT NOT NULL,
    department TEXT NOT NULL,
    file_name TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    as_of TEXT NOT NULL,
    options TEXT NOT NULL,
    status TEXT NOT NULL,
    owner TEXT NOT NULL,
    actor TEXT NOT NULL,
    total BIGINT NOT NULL,
    position BIGINT NOT NULL,
    accepted BIGINT NOT NULL,
    unchanged BIGINT NOT NULL,
    rejected BIGINT NOT NULL,
    created BIGINT NOT NULL,
    rejects TEXT NOT NULL,
    started_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    job TEXT NOT NULL DEFAULT ''::text,
    PRIMARY KEY (no)
);
CREATE INDEX import_batch_job ON import_batch USING btree (job);
CREATE INDEX import_batch_sha256 ON import_batch USING btree (sha256, status);
CREATE TABLE job (
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    state TEXT NOT NULL,
    priority BIGINT NOT NULL,
    run_at TEXT NOT NULL,
    live_key TEXT,
    key_while_running BOOLEAN NOT NULL,
    asked_by TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    attempts_max BIGINT NOT NULL,
    owner TEXT NOT NULL,
    lease_until TEXT,
    cancel_by TEXT,
    done BIGINT NOT NULL,
    total BIGINT,
    note TEXT NOT NULL,
    result TEXT NOT NULL,
    created_at TEXT NOT NULL,
    started_at TEXT,
    finished_at TEXT,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX job_due ON job USING btree (priority DESC, run_at, id) WHERE (state = 'queued'::text);
CREATE INDEX job_finished ON job USING btree (finished_at) WHERE (finished_at IS NOT NULL);
CREATE INDEX job_kind ON job USING btree (kind, id);
CREATE INDEX job_lease ON job USING btree (lease_until) WHERE (state = 'running'::text);
CREATE UNIQUE INDEX job_live_key ON job USING btree (live_key);
CREATE INDEX job_state ON job USING btree (state, id);
CREATE TABLE job_schedule (
    name TEXT NOT NULL,
    title TEXT NOT NULL,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    cadence TEXT NOT NULL,
    workdays_only BOOLEAN NOT NULL,
    enabled BOOLEAN NOT NULL,
    next_at TEXT NOT NULL,
    last_at TEXT,
    last_job TEXT,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (name)
);
CREATE TABLE mail_minute (
    id BIGINT NOT NULL,
    minute TEXT NOT NULL,
    mails BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE TABLE match_counter (
    id BIGINT NOT NULL,
    next_run BIGINT NOT NULL,
    next_news BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE TABLE match_met (
    item TEXT NOT NULL,
    met TEXT NOT NULL,
    PRIMARY KEY (item)
);
CREATE TABLE match_news (
    no BIGINT NOT NULL,
    run BIGINT NOT NULL,
    day TEXT NOT NULL,
    item TEXT NOT NULL,
    enterprise BIGINT NOT NULL,
    new_item BOOLEAN NOT NULL,
    PRIMARY KEY (no)
);
CREATE INDEX match_news_enterprise ON match_news USING btree (enterprise, no);
CREATE INDEX match_news_item ON match_news USING btree (item, no);
CREATE TABLE match_run (
    no BIGINT NOT NULL,
    day TEXT NOT NULL,
    actor TEXT NOT NULL,
    started_at TEXT NOT NULL,
    finished_at TEXT NOT NULL,
    updated_at TEXT NOT NULL DEFAULT ''::text,
    items BIGINT NOT NULL DEFAULT 0,
    done BIGINT NOT NULL DEFAULT 0,
    news BIGINT NOT NULL DEFAULT 0,
    failure TEXT NOT NULL DEFAULT ''::text,
    PRIMARY KEY (no)
);
CREATE TABLE match_snapshot (
    id TEXT NOT NULL,
    saved_at TEXT NOT NULL,
    PRIMARY KEY (id)
);
CREATE TABLE match_tell (
    run BIGINT NOT NULL,
    last_code TEXT NOT NULL,
    told BIGINT NOT NULL,
    finished_at TEXT NOT NULL,
    PRIMARY KEY (run)
);
CREATE INDEX match_tell_open ON match_tell USING btree (finished_at, run);
CREATE TABLE message (
    id TEXT NOT NULL,
    event TEXT NOT NULL,
    recipient_kind TEXT NOT NULL,
    recipient TEXT NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    link TEXT NOT NULL,
    fields TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    created_at TEXT NOT NULL,
    topics TEXT NOT NULL DEFAULT ''::text,
    PRIMARY KEY (id)
);
CREATE INDEX message_recipient ON message USING btree (recipient, recipient_kind, id);
CREATE INDEX message_subject ON message USING btree (subject_kind, subject_id, id);
CREATE TABLE message_muted (
    id TEXT NOT NULL,
    account TEXT NOT NULL,
    event TEXT NOT NULL,
    topic TEXT NOT NULL,
    label TEXT NOT NULL,
    muted_at TEXT NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (account, event, topic)
);
CREATE INDEX message_muted_topic ON message_muted USING btree (event, topic, account);
CREATE TABLE message_preference (
    account TEXT NOT NULL,
    event TEXT NOT NULL,
    channel TEXT NOT NULL,
    mode TEXT NOT NULL,
    PRIMARY KEY (account, event, channel)
);
CREATE TABLE message_push (
    enterprise TEXT NOT NULL,
    day TEXT NOT NULL,
    pushes BIGINT NOT NULL,
    PRIMARY KEY (enterprise, day)
);
CREATE TABLE message_read (
    account TEXT NOT NULL,
    message_id TEXT NOT NULL,
    read_at TEXT NOT NULL,
    PRIMARY KEY (account, message_id)
);
CREATE TABLE message_template (
    event TEXT NOT NULL,
    channel TEXT NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    updated_by TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (event, channel)
);
CREATE TABLE message_without (
    message_id TEXT NOT NULL,
    account TEXT NOT NULL,
    PRIMARY KEY (message_id, account)
);
CREATE TABLE people_account (
    id TEXT NOT NULL,
    login TEXT NOT NULL,
    name TEXT NOT NULL,
    phone TEXT NOT NULL,
    email TEXT NOT NULL,
    state TEXT NOT NULL,
    demo BOOLEAN NOT NULL,
    password TEXT,
    must_change BOOLEAN NOT NULL,
    factor_key TEXT,
    factor_confirmed BOOLEAN NOT NULL,
    factor_step BIGINT NOT NULL,
    created_at TEXT NOT NULL,
    signed_in_at TEXT,
    password_at TEXT,
    PRIMARY KEY (id),
    UNIQUE (login)
);
CREATE TABLE people_attempt (
    login TEXT NOT NULL,
    failures BIGINT NOT NULL,
    lockouts BIGINT NOT NULL,
    locked_until TEXT,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (login)
);
CREATE INDEX people_attempt_updated ON people_attempt USING btree (updated_at);
CREATE TABLE people_device (
    account TEXT NOT NULL,
    digest TEXT NOT NULL,
    seen_at TEXT NOT NULL,
    PRIMARY KEY (account, digest),
    FOREIGN KEY (account) REFERENCES people_account(id)
);
CREATE TABLE people_flow (
    digest TEXT NOT NULL,
    provider TEXT NOT NULL,
    next TEXT NOT NULL,
    session TEXT,
    expires_at TEXT NOT NULL,
    PRIMARY KEY (digest)
);
CREATE INDEX people_flow_expires ON people_flow USING btree (expires_at);
CREATE TABLE people_identity (
    id TEXT NOT NULL,
    account TEXT NOT NULL,
    issuer TEXT NOT NULL,
    expected TEXT,
    subject TEXT,
    trusted BOOLEAN NOT NULL,
    linked_by TEXT NOT NULL,
    linked_at TEXT NOT NULL,
    signed_in_at TEXT,
    PRIMARY KEY (id),
    UNIQUE (account, issuer),
    UNIQUE (issuer, expected),
    UNIQUE (issuer, subject),
    FOREIGN KEY (account) REFERENCES people_account(id)
);
CREATE TABLE people_invitation (
    id TEXT NOT NULL,
    digest TEXT NOT NULL,
    organisation TEXT,
    enterprise TEXT,
    enterprise_name TEXT NOT NULL,
    role TEXT NOT NULL,
    invitee TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_by_account TEXT,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    used_by TEXT,
    used_at TEXT,
    revoked_at TEXT,
    PRIMARY KEY (id),
    UNIQUE (digest),
    FOREIGN KEY (organisation) REFERENCES people_organisation(id)
);
CREATE INDEX people_invitation_enterprise ON people_invitation USING btree (enterprise, id);
CREATE TABLE people_lock (
    name TEXT NOT NULL,
    value BIGINT NOT NULL,
    PRIMARY KEY (name)
);
CREATE TABLE people_mandate (
    id TEXT NOT NULL,
    enterprise TEXT NOT NULL,
    enterprise_name TEXT NOT NULL,
    organisation TEXT NOT NULL,
    actions TEXT NOT NULL,
    valid_from TEXT NOT NULL,
    valid_until TEXT NOT NULL,
    granted_by TEXT NOT NULL,
    granted_at TEXT NOT NULL,
    ended_by TEXT,
    ended_at TEXT,
    PRIMARY KEY (id),
    FOREIGN KEY (organisation) REFERENCES people_organisation(id)
);
CREATE INDEX people_mandate_enterprise ON people_mandate USING btree (enterprise);
CREATE INDEX people_mandate_organisation ON people_mandate USING btree (organisation);
CREATE TABLE people_organisation (
    id TEXT NOT NULL,
    parent TEXT,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    division TEXT NOT NULL,
    valid_from TEXT NOT NULL,
    valid_until TEXT,
    created_at TEXT NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY (parent) REFERENCES people_organisation(id)
);
CREATE INDEX people_organisation_name ON people_organisation USING btree (name, id);
CREATE INDEX people_organisation_parent ON people_organisation USING btree (parent, name, id);
CREATE TABLE people_password (
    id TEXT NOT NULL,
    account TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY (account) REFERENCES people_account(id)
);
CREATE INDEX people_password_account ON people_password USING btree (account, id);
CREATE TABLE people_recovery_code (
    account TEXT NOT NULL,
    digest TEXT NOT NULL,
    used_at TEXT,
    PRIMARY KEY (account, digest),
    FOREIGN KEY (account) REFERENCES people_account(id)
);
CREATE TABLE people_seat (
    id TEXT NOT NULL,
    account TEXT NOT NULL,
    organisation TEXT,
    enterprise TEXT,
    enterprise_name TEXT NOT NULL,
    role TEXT NOT NULL,
    valid_from TEXT NOT NULL,
    valid_until TEXT,
    granted_by TEXT NOT NULL,
    granted_at TEXT NOT NULL,
    ended_by TEXT,
    ended_at TEXT,
    reason TEXT NOT NULL,
    successor TEXT,
    PRIMARY KEY (id),
    FOREIGN KEY (account) REFERENCES people_account(id),
    FOREIGN KEY (organisation) REFERENCES people_organisation(id)
);
CREATE INDEX people_seat_account ON people_seat USING btree (account);
CREATE INDEX people_seat_enterprise ON people_seat USING btree (enterprise);
CREATE INDEX people_seat_organisation ON people_seat USING btree (organisation);
CREATE INDEX people_seat_role ON people_seat USING btree (role);
CREATE TABLE people_session (
    id TEXT NOT NULL,
    digest TEXT NOT NULL,
    account TEXT NOT NULL,
    seat TEXT,
    mandate TEXT,
    factor BOOLEAN NOT NULL,
    address TEXT NOT NULL,
    agent TEXT NOT NULL,
    started_at TEXT NOT NULL,
    seen_at TEXT NOT NULL,
    identity TEXT,
    PRIMARY KEY (id),
    UNIQUE (digest),
    FOREIGN KEY (account) REFERENCES people_account(id)
);
CREATE INDEX people_session_account ON people_session USING btree (account);
CREATE INDEX people_session_identity ON people_session USING btree (identity);
CREATE INDEX people_session_seen ON people_session USING btree (seen_at);
CREATE TABLE people_setup (
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (name)
);
CREATE TABLE people_token (
    id TEXT NOT NULL,
    digest TEXT NOT NULL,
    hint TEXT NOT NULL,
    account TEXT NOT NULL,
    seat TEXT NOT NULL,
    name TEXT NOT NULL,
    actions TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    used_at TEXT,
    ended_at TEXT,
    PRIMARY KEY (id),
    UNIQUE (digest),
    FOREIGN KEY (account) REFERENCES people_account(id),
    FOREIGN KEY (seat) REFERENCES people_seat(id)
);
CREATE INDEX people_token_account ON people_token USING btree (account);
CREATE TABLE people_verified_mail (
    account TEXT NOT NULL,
    email TEXT NOT NULL,
    verified_at TEXT NOT NULL,
    PRIMARY KEY (account),
    FOREIGN KEY (account) REFERENCES people_account(id)
);
CREATE TABLE phrase (
    id TEXT NOT NULL,
    room TEXT NOT NULL,
    owner_kind TEXT NOT NULL,
    owner TEXT NOT NULL,
    purpose TEXT NOT NULL,
    name TEXT NOT NULL,
    words TEXT NOT NULL,
    updated_by TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX phrase_owner ON phrase USING btree (owner, room);
CREATE TABLE policy_counter (
    name TEXT NOT NULL,
    value BIGINT NOT NULL,
    PRIMARY KEY (name)
);
CREATE TABLE policy_document (
    id TEXT NOT NULL,
    title TEXT NOT NULL,
    sort_date TEXT NOT NULL,
    content TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (id)
);
CREATE TABLE policy_item (
    id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    number TEXT,
    document_id TEXT NOT NULL,
    state TEXT NOT NULL,
    revision BIGINT NOT NULL,
    digest TEXT NOT NULL,
    draft TEXT,
    name TEXT NOT NULL,
    level TEXT NOT NULL,
    theme TEXT NOT NULL,
    category TEXT NOT NULL,
    delivery TEXT NOT NULL,
    document_status TEXT NOT NULL,
    valid_from TEXT,
    valid_until TEXT,
    sort_date TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (number),
    UNIQUE (seq),
    FOREIGN KEY (document_id) REFERENCES policy_document(id)
);
CREATE INDEX policy_item_document ON policy_item USING btree (document_id);
CREATE INDEX policy_item_list ON policy_item USING btree (state, sort_date, seq);
CREATE TABLE policy_item_region (
    item_id TEXT NOT NULL,
    region TEXT NOT NULL,
    PRIMARY KEY (item_id, region),
    FOREIGN KEY (item_id) REFERENCES policy_item(id)
);
CREATE INDEX policy_item_region_region ON policy_item_region USING btree (region);
CREATE TABLE policy_item_search (
    seq BIGINT NOT NULL,
    normal TEXT NOT NULL,
    tokens TSVECTOR NOT NULL,
    PRIMARY KEY (seq)
);
CREATE INDEX policy_item_search_tokens ON policy_item_search USING gin (tokens);
CREATE TABLE policy_revision (
    item_id TEXT NOT NULL,
    revision BIGINT NOT NULL,
    content TEXT NOT NULL,
    rules TEXT NOT NULL,
    lint TEXT NOT NULL,
    digest TEXT NOT NULL,
    published_at TEXT NOT NULL,
    published_by TEXT NOT NULL,
    PRIMARY KEY (item_id, revision),
    FOREIGN KEY (item_id) REFERENCES policy_item(id)
);
CREATE TABLE registry_version (
    id BIGINT NOT NULL,
    version BIGINT NOT NULL,
    next_seq BIGINT NOT NULL,
    next_change BIGINT NOT NULL,
    next_batch BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE TABLE schema_migration (
    room TEXT NOT NULL,
    step TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (room, step)
);
CREATE TABLE tag_rule (
    name TEXT NOT NULL,
    rule TEXT NOT NULL,
    note TEXT NOT NULL,
    active BOOLEAN NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (name)
);
CREATE TABLE thread (
    room TEXT NOT NULL,
    subject TEXT NOT NULL,
    awaits TEXT,
    last_entry TEXT NOT NULL,
    last_at TEXT NOT NULL,
    PRIMARY KEY (room, subject)
);
CREATE INDEX thread_awaits ON thread USING btree (room, awaits, subject) WHERE (awaits IS NOT NULL);
CREATE TABLE thread_entry (
    id TEXT NOT NULL,
    room TEXT NOT NULL,
    subject TEXT NOT NULL,
    side TEXT NOT NULL,
    is_internal BOOLEAN NOT NULL,
    words TEXT NOT NULL,
    files BIGINT NOT NULL,
    account TEXT,
    author TEXT NOT NULL,
    written_at TEXT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX thread_entry_subject ON thread_entry USING btree (room, subject, id);
CREATE TABLE thread_read (
    room TEXT NOT NULL,
    subject TEXT NOT NULL,
    account TEXT NOT NULL,
    side TEXT NOT NULL,
    read_to TEXT NOT NULL,
    read_at TEXT NOT NULL,
    PRIMARY KEY (room, subject, account)
);
CREATE TABLE webhook_endpoint (
    id TEXT NOT NULL,
    owner_kind TEXT NOT NULL,
    owner TEXT NOT NULL,
    scope TEXT NOT NULL,
    url TEXT NOT NULL,
    events TEXT NOT NULL,
    secret TEXT NOT NULL,
    secret_previous TEXT NOT NULL,
    previous_until TEXT NOT NULL,
    state TEXT NOT NULL,
    off_reason TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at TEXT NOT NULL,
    last_number BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    failing_since TEXT NOT NULL,
    due_at TEXT NOT NULL,
    lease_owner TEXT NOT NULL,
    lease_until TEXT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX webhook_endpoint_due ON webhook_endpoint USING btree (state, due_at);
CREATE INDEX webhook_endpoint_owner ON webhook_endpoint USING btree (owner, owner_kind, id);
CREATE TABLE work_calendar (
    id BIGINT NOT NULL,
    version BIGINT NOT NULL,
    body TEXT NOT NULL,
    why TEXT NOT NULL,
    changed_at TEXT NOT NULL,
    PRIMARY KEY (id)
);
CREATE TABLE work_calendar_applied (
    room TEXT NOT NULL,
    mark TEXT NOT NULL,
    towards TEXT,
    after_id TEXT,
    PRIMARY KEY (room)
);
