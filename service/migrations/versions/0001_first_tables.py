"""First tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attempt",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last", sa.String(length=24), nullable=False),
        sa.Column("locked_until", sa.String(length=24), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_attempt")),
    )
    op.create_table(
        "audit_checkpoint",
        sa.Column("tree_size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created", sa.String(length=24), nullable=False),
        sa.PrimaryKeyConstraint("tree_size", name=op.f("pk_audit_checkpoint")),
    )
    op.create_table(
        "audit_event",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ts", sa.String(length=24), nullable=False),
        sa.Column("phase", sa.String(length=16), nullable=False),
        sa.Column("ref", sa.BigInteger(), nullable=True),
        sa.Column("actor", sa.String(length=40), nullable=True),
        sa.Column("dept", sa.String(length=32), nullable=True),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("verb", sa.String(length=16), nullable=False),
        sa.Column("object_type", sa.String(length=32), nullable=True),
        sa.Column("object", sa.String(length=80), nullable=True),
        sa.Column("customer", sa.String(length=26), nullable=True),
        sa.Column("category", sa.String(length=16), nullable=True),
        sa.Column("decision", sa.String(length=8), nullable=True),
        sa.Column("leaf", sa.LargeBinary(length=32), nullable=False),
        sa.Column("chain", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_event")),
    )
    op.create_index("ix_audit_event_action", "audit_event", ["action", "seq"], unique=False)
    op.create_index("ix_audit_event_actor", "audit_event", ["actor", "seq"], unique=False)
    op.create_index("ix_audit_event_customer", "audit_event", ["customer", "seq"], unique=False)
    op.create_index("ix_audit_event_decision", "audit_event", ["decision", "seq"], unique=False)
    op.create_index("ix_audit_event_object", "audit_event", ["object", "seq"], unique=False)
    op.create_index(op.f("ix_audit_event_ref"), "audit_event", ["ref"], unique=False)
    op.create_index("ix_audit_event_ts", "audit_event", ["ts"], unique=False)
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("chain", sa.LargeBinary(length=32), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "counter",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counter")),
    )
    op.create_table(
        "customer",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=True),
        sa.Column("category", sa.String(length=16), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("coop_type", sa.String(length=16), nullable=True),
        sa.Column("created", sa.String(length=24), nullable=False),
        sa.Column("created_by", sa.String(length=26), nullable=False),
        sa.Column("filed", sa.String(length=24), nullable=True),
        sa.Column("filed_by", sa.String(length=26), nullable=True),
        sa.Column("merged_into", sa.String(length=26), nullable=True),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["merged_into"], ["customer.id"], name=op.f("fk_customer_merged_into")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer")),
        sa.UniqueConstraint("number", name=op.f("uq_customer_number")),
    )
    op.create_index("ix_customer_category_status", "customer", ["category", "status"], unique=False)
    op.create_table(
        "department",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_department")),
        sa.UniqueConstraint("code", name=op.f("uq_department_code")),
    )
    op.create_table(
        "dirty",
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "id", name=op.f("pk_dirty")),
    )
    op.create_table(
        "idempotency",
        sa.Column("person", sa.String(length=26), nullable=False),
        sa.Column("route", sa.String(length=200), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("created", sa.String(length=24), nullable=False),
        sa.PrimaryKeyConstraint("person", "route", "key", name=op.f("pk_idempotency")),
    )
    op.create_index(op.f("ix_idempotency_created"), "idempotency", ["created"], unique=False)
    op.create_table(
        "instance",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_instance")),
    )
    op.create_table(
        "job",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=26), nullable=False),
        sa.Column("lane", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("due", sa.String(length=24), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(length=200), nullable=True),
        sa.Column("cause", sa.BigInteger(), nullable=True),
        sa.Column("secret_ct", sa.LargeBinary(), nullable=True),
        sa.Column("created", sa.String(length=24), nullable=False),
        sa.Column("started", sa.String(length=24), nullable=True),
        sa.Column("holder", sa.String(length=80), nullable=True),
        sa.Column("held_until", sa.String(length=24), nullable=True),
        sa.Column("finished", sa.String(length=24), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    op.create_index("ix_job_kind_subject", "job", ["kind", "subject"], unique=False)
    op.create_index("ix_job_take", "job", ["state", "lane", "due"], unique=False)
    op.create_table(
        "lease",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("holder", sa.String(length=80), nullable=False),
        sa.Column("until", sa.String(length=24), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.create_table(
        "policy_set",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("effective_from", sa.String(length=24), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_set")),
    )
    op.create_index(
        op.f("ix_policy_set_effective_from"), "policy_set", ["effective_from"], unique=False
    )
    op.create_table(
        "policy_version",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("created_by", sa.String(length=26), nullable=True),
        sa.Column("created", sa.String(length=24), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_version")),
        sa.UniqueConstraint("kind", "sha256", name=op.f("uq_policy_version_kind_sha256")),
    )
    op.create_table(
        "reading",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("person", sa.String(length=26), nullable=False),
        sa.Column("version", sa.String(length=26), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("opened", sa.String(length=24), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading")),
    )
    op.create_index("ix_reading_person_version", "reading", ["person", "version"], unique=False)
    op.create_table(
        "audit_body",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["seq"], ["audit_event.seq"], name=op.f("fk_audit_body_seq")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_body")),
    )
    op.create_table(
        "audit_detail",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.Column("ct", sa.LargeBinary(), nullable=False),
        sa.Column("key", sa.String(length=26), nullable=False),
        sa.ForeignKeyConstraint(["seq"], ["audit_event.seq"], name=op.f("fk_audit_detail_seq")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_detail")),
    )
    op.create_table(
        "audit_touch",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("document", sa.String(length=26), nullable=False),
        sa.Column("how", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["seq"], ["audit_event.seq"], name=op.f("fk_audit_touch_seq")),
        sa.PrimaryKeyConstraint("seq", "document", "how", name=op.f("pk_audit_touch")),
    )
    op.create_index("ix_audit_touch_document", "audit_touch", ["document", "seq"], unique=False)
    op.create_table(
        "customer_view",
        sa.Column("customer", sa.String(length=26), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("short_name", sa.String(length=100), nullable=False),
        sa.Column("former_names", sa.Text(), nullable=False),
        sa.Column("region", sa.String(length=100), nullable=False),
        sa.Column("industry", sa.String(length=100), nullable=False),
        sa.Column("tokens", sa.Text(), nullable=False),
        sa.Column("pinyin", sa.Text(), nullable=False),
        sa.Column("updated", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer"], ["customer.id"], name=op.f("fk_customer_view_customer")
        ),
        sa.PrimaryKeyConstraint("customer", name=op.f("pk_customer_view")),
    )
    op.create_index("ix_customer_view_name", "customer_view", ["name"], unique=False)
    op.create_table(
        "person",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("login", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("department", sa.String(length=26), nullable=False),
        sa.Column("head", sa.Boolean(), nullable=False),
        sa.Column("deputy_of", sa.String(length=26), nullable=True),
        sa.Column("deputy_from", sa.Date(), nullable=True),
        sa.Column("deputy_to", sa.Date(), nullable=True),
        sa.Column("password_hash", sa.String(length=256), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created", sa.String(length=24), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["department"], ["department.id"], name=op.f("fk_person_department")
        ),
        sa.ForeignKeyConstraint(["deputy_of"], ["person.id"], name=op.f("fk_person_deputy_of")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("login", name=op.f("uq_person_login")),
    )
    op.create_table(
        "policy_set_member",
        sa.Column("set", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("version", sa.String(length=26), nullable=False),
        sa.ForeignKeyConstraint(["set"], ["policy_set.id"], name=op.f("fk_policy_set_member_set")),
        sa.ForeignKeyConstraint(
            ["version"], ["policy_version.id"], name=op.f("fk_policy_set_member_version")
        ),
        sa.PrimaryKeyConstraint("set", "kind", name=op.f("pk_policy_set_member")),
    )
    op.create_table(
        "record",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("customer", sa.String(length=26), nullable=False),
        sa.Column("module", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("created", sa.String(length=24), nullable=False),
        sa.Column("created_by", sa.String(length=26), nullable=False),
        sa.ForeignKeyConstraint(["customer"], ["customer.id"], name=op.f("fk_record_customer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record")),
    )
    op.create_index(
        "ix_record_customer_module", "record", ["customer", "module", "no"], unique=True
    )
    op.create_table(
        "customer_person",
        sa.Column("customer", sa.String(length=26), nullable=False),
        sa.Column("person", sa.String(length=26), nullable=False),
        sa.Column("relation", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer"], ["customer.id"], name=op.f("fk_customer_person_customer")
        ),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_customer_person_person")),
        sa.PrimaryKeyConstraint("customer", "person", name=op.f("pk_customer_person")),
    )
    op.create_index(
        "ix_customer_person_person", "customer_person", ["person", "customer"], unique=False
    )
    op.create_table(
        "document",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("serial", sa.BigInteger(), nullable=False),
        sa.Column("customer", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("grade", sa.String(length=16), nullable=False),
        sa.Column("record", sa.String(length=26), nullable=True),
        sa.Column("dated", sa.Date(), nullable=True),
        sa.Column("number_ct", sa.LargeBinary(), nullable=True),
        sa.Column("title_ct", sa.LargeBinary(), nullable=False),
        sa.Column("note_ct", sa.LargeBinary(), nullable=True),
        sa.Column("created", sa.String(length=24), nullable=False),
        sa.Column("created_by", sa.String(length=26), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("shown", sa.String(length=26), nullable=True),
        sa.ForeignKeyConstraint(["customer"], ["customer.id"], name=op.f("fk_document_customer")),
        sa.ForeignKeyConstraint(["record"], ["record.id"], name=op.f("fk_document_record")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
        sa.UniqueConstraint("serial", name=op.f("uq_document_serial")),
    )
    op.create_index(op.f("ix_document_created_by"), "document", ["created_by"], unique=False)
    op.create_index(op.f("ix_document_customer"), "document", ["customer"], unique=False)
    op.create_table(
        "field_value",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("customer", sa.String(length=26), nullable=False),
        sa.Column("record", sa.String(length=26), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("ct", sa.LargeBinary(), nullable=True),
        sa.Column("class", sa.String(length=16), nullable=False),
        sa.Column("source_kind", sa.String(length=16), nullable=False),
        sa.Column("source_version", sa.String(length=26), nullable=True),
        sa.Column("source_page", sa.Integer(), nullable=True),
        sa.Column("source_channel", sa.String(length=200), nullable=True),
        sa.Column("source_person", sa.String(length=100), nullable=True),
        sa.Column("source_date", sa.Date(), nullable=True),
        sa.Column("entered_by", sa.String(length=26), nullable=False),
        sa.Column("entered_at", sa.String(length=24), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("replaces", sa.String(length=26), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer"], ["customer.id"], name=op.f("fk_field_value_customer")
        ),
        sa.ForeignKeyConstraint(["record"], ["record.id"], name=op.f("fk_field_value_record")),
        sa.ForeignKeyConstraint(
            ["replaces"], ["field_value.id"], name=op.f("fk_field_value_replaces")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_field_value")),
        sa.UniqueConstraint("replaces", name=op.f("uq_field_value_replaces")),
    )
    op.create_index("ix_field_value_customer_seq", "field_value", ["customer", "seq"], unique=True)
    op.create_table(
        "person_role",
        sa.Column("person", sa.String(length=26), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_person_role_person")),
        sa.PrimaryKeyConstraint("person", "role", name=op.f("pk_person_role")),
    )
    op.create_table(
        "recent_search",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("person", sa.String(length=26), nullable=False),
        sa.Column("token", sa.String(length=80), nullable=False),
        sa.Column("query_ct", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_recent_search_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recent_search")),
    )
    op.create_index(op.f("ix_recent_search_person"), "recent_search", ["person"], unique=False)
    op.create_table(
        "signin",
        sa.Column("id_hash", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=26), nullable=False),
        sa.Column("created", sa.String(length=24), nullable=False),
        sa.Column("last_seen", sa.String(length=24), nullable=False),
        sa.Column("confirmed", sa.String(length=24), nullable=False),
        sa.Column("revoked", sa.String(length=24), nullable=True),
        sa.Column("origin_ct", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_signin_person")),
        sa.PrimaryKeyConstraint("id_hash", name=op.f("pk_signin")),
    )
    op.create_index(op.f("ix_signin_person"), "signin", ["person"], unique=False)
    op.create_table(
        "token",
        sa.Column("id_hash", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("person", sa.String(length=26), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("created", sa.String(length=24), nullable=False),
        sa.Column("expires", sa.String(length=24), nullable=False),
        sa.Column("revoked", sa.String(length=24), nullable=True),
        sa.Column("last_used", sa.String(length=24), nullable=True),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_token_person")),
        sa.PrimaryKeyConstraint("id_hash", name=op.f("pk_token")),
        sa.UniqueConstraint("id", name=op.f("uq_token_id")),
    )
    op.create_index(op.f("ix_token_person"), "token", ["person"], unique=False)
    op.create_table(
        "field_check",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("value", sa.String(length=26), nullable=False),
        sa.Column("by", sa.String(length=26), nullable=False),
        sa.Column("at", sa.String(length=24), nullable=False),
        sa.Column("result", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["value"], ["field_value.id"], name=op.f("fk_field_check_value")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_field_check")),
    )
    op.create_index(op.f("ix_field_check_value"), "field_check", ["value"], unique=False)
    op.create_table(
        "version",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("document", sa.String(length=26), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("media_type", sa.String(length=127), nullable=False),
        sa.Column("file_name_ct", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256_ct", sa.LargeBinary(), nullable=False),
        sa.Column("content_token", sa.String(length=80), nullable=False),
        sa.Column("filing", sa.String(length=16), nullable=False),
        sa.Column("processing", sa.String(length=16), nullable=False),
        sa.Column("error", sa.String(length=40), nullable=True),
        sa.Column("parent_version", sa.String(length=26), nullable=True),
        sa.Column("ordinal", sa.Integer(), nullable=True),
        sa.Column("created", sa.String(length=24), nullable=False),
        sa.Column("created_by", sa.String(length=26), nullable=False),
        sa.Column("filed", sa.String(length=24), nullable=True),
        sa.Column("filed_by", sa.String(length=26), nullable=True),
        sa.Column("indexed", sa.String(length=24), nullable=True),
        sa.Column("left_out", sa.BigInteger(), nullable=False),
        sa.Column("reason_ct", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["document"], ["document.id"], name=op.f("fk_version_document")),
        sa.ForeignKeyConstraint(
            ["parent_version"], ["version.id"], name=op.f("fk_version_parent_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_version")),
    )
    op.create_index(op.f("ix_version_content_token"), "version", ["content_token"], unique=False)
    op.create_index("ix_version_created_by", "version", ["created_by", "created"], unique=False)
    op.create_index("ix_version_document_no", "version", ["document", "no"], unique=True)
    op.create_table(
        "blob",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("version", sa.String(length=26), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("stored_size", sa.BigInteger(), nullable=False),
        sa.Column("alg", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["version"], ["version.id"], name=op.f("fk_blob_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blob")),
    )
    op.create_index("ix_blob_version_role", "blob", ["version", "role", "n"], unique=True)
    op.create_table(
        "text",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("version", sa.String(length=26), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(length=16), nullable=False),
        sa.Column("extractor", sa.String(length=80), nullable=False),
        sa.Column("chars", sa.BigInteger(), nullable=False),
        sa.Column("created", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(["version"], ["version.id"], name=op.f("fk_text_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_text")),
    )
    op.create_index("ix_text_version_revision", "text", ["version", "revision"], unique=True)
    op.create_table(
        "page",
        sa.Column("text", sa.String(length=26), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("width", sa.Float(), nullable=True),
        sa.Column("height", sa.Float(), nullable=True),
        sa.Column("rotation", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["text"], ["text.id"], name=op.f("fk_page_text")),
        sa.PrimaryKeyConstraint("text", "no", name=op.f("pk_page")),
    )
    op.create_table(
        "text_part",
        sa.Column("text", sa.String(length=26), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("chars", sa.Integer(), nullable=False),
        sa.Column("ct", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["text"], ["text.id"], name=op.f("fk_text_part_text")),
        sa.PrimaryKeyConstraint("text", "n", name=op.f("pk_text_part")),
    )


def downgrade() -> None:
    op.drop_table("text_part")
    op.drop_table("page")
    op.drop_index("ix_text_version_revision", table_name="text")
    op.drop_table("text")
    op.drop_index("ix_blob_version_role", table_name="blob")
    op.drop_table("blob")
    op.drop_index("ix_version_document_no", table_name="version")
    op.drop_index("ix_version_created_by", table_name="version")
    op.drop_index(op.f("ix_version_content_token"), table_name="version")
    op.drop_table("version")
    op.drop_index(op.f("ix_field_check_value"), table_name="field_check")
    op.drop_table("field_check")
    op.drop_index(op.f("ix_token_person"), table_name="token")
    op.drop_table("token")
    op.drop_index(op.f("ix_signin_person"), table_name="signin")
    op.drop_table("signin")
    op.drop_index(op.f("ix_recent_search_person"), table_name="recent_search")
    op.drop_table("recent_search")
    op.drop_table("person_role")
    op.drop_index("ix_field_value_customer_seq", table_name="field_value")
    op.drop_table("field_value")
    op.drop_index(op.f("ix_document_customer"), table_name="document")
    op.drop_index(op.f("ix_document_created_by"), table_name="document")
    op.drop_table("document")
    op.drop_index("ix_customer_person_person", table_name="customer_person")
    op.drop_table("customer_person")
    op.drop_index("ix_record_customer_module", table_name="record")
    op.drop_table("record")
    op.drop_table("policy_set_member")
    op.drop_table("person")
    op.drop_index("ix_customer_view_name", table_name="customer_view")
    op.drop_table("customer_view")
    op.drop_index("ix_audit_touch_document", table_name="audit_touch")
    op.drop_table("audit_touch")
    op.drop_table("audit_detail")
    op.drop_table("audit_body")
    op.drop_index("ix_reading_person_version", table_name="reading")
    op.drop_table("reading")
    op.drop_table("policy_version")
    op.drop_index(op.f("ix_policy_set_effective_from"), table_name="policy_set")
    op.drop_table("policy_set")
    op.drop_table("lease")
    op.drop_index("ix_job_take", table_name="job")
    op.drop_index("ix_job_kind_subject", table_name="job")
    op.drop_table("job")
    op.drop_table("instance")
    op.drop_index(op.f("ix_idempotency_created"), table_name="idempotency")
    op.drop_table("idempotency")
    op.drop_table("dirty")
    op.drop_table("department")
    op.drop_index("ix_customer_category_status", table_name="customer")
    op.drop_table("customer")
    op.drop_table("counter")
    op.drop_table("audit_head")
    op.drop_index("ix_audit_event_ts", table_name="audit_event")
    op.drop_index(op.f("ix_audit_event_ref"), table_name="audit_event")
    op.drop_index("ix_audit_event_object", table_name="audit_event")
    op.drop_index("ix_audit_event_decision", table_name="audit_event")
    op.drop_index("ix_audit_event_customer", table_name="audit_event")
    op.drop_index("ix_audit_event_actor", table_name="audit_event")
    op.drop_index("ix_audit_event_action", table_name="audit_event")
    op.drop_table("audit_event")
    op.drop_table("audit_checkpoint")
    op.drop_table("attempt")
