-- Articles in partitions by month of first_seen_at, for a database of many millions of them (PostgreSQL 15 or later).
--
--   Stop workers and web, make a backup, then:  psql -1 -v ON_ERROR_STOP=1 -f articles-by-month.sql "$DATABASE_URL"
--
-- PostgreSQL keeps an index unique within a partition only. So one small table keeps what must be unique over all
-- months, an article's id and key, and whatever refers to an article refers to that. A trigger enters each new article
-- there; one whose key is known is passed over, as the service asks for. Afterwards call once a month, from cron:
--   SELECT articles_month((now() + interval '1 month')::date);
-- A month that nobody came to make lands in tracker_article_rest, which costs speed and nothing else.

ALTER TABLE tracker_article RENAME TO tracker_article_whole;

CREATE TABLE tracker_article (
    LIKE tracker_article_whole INCLUDING DEFAULTS INCLUDING CONSTRAINTS
) PARTITION BY RANGE (first_seen_at);

CREATE TABLE tracker_article_key (
    id bigint PRIMARY KEY,
    url_key varchar(64) NOT NULL CONSTRAINT one_article_per_key UNIQUE
);

CREATE TABLE tracker_article_rest PARTITION OF tracker_article DEFAULT;

CREATE FUNCTION articles_month(month date) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    first timestamptz := date_trunc('month', month) AT TIME ZONE 'UTC';
    name text := 'tracker_article_' || to_char(month, 'YYYY_MM');
BEGIN
    IF to_regclass(name) IS NULL THEN
        EXECUTE format(
            'CREATE TABLE %I PARTITION OF tracker_article FOR VALUES FROM (%L) TO (%L)',
            name, first, (date_trunc('month', month) + interval '1 month') AT TIME ZONE 'UTC'
        );
    END IF;
    RETURN name;
END $$;

-- Every month from the first article's to a year from now.
SELECT articles_month(month::date)
FROM generate_series(
    date_trunc('month', coalesce((SELECT min(first_seen_at) FROM tracker_article_whole), now())),
    now() + interval '1 year',
    interval '1 month'
) AS month;

CREATE FUNCTION article_is_new() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tracker_article_key (id, url_key) VALUES (NEW.id, NEW.url_key) ON CONFLICT (url_key) DO NOTHING;
    RETURN CASE WHEN FOUND THEN NEW END;
END $$;

CREATE FUNCTION article_is_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM tracker_article_key WHERE id = OLD.id;
    RETURN OLD;
END $$;

CREATE FUNCTION article_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'id, url_key and first_seen_at of an article never change (article %)', OLD.id;
END $$;

CREATE TRIGGER article_is_new BEFORE INSERT ON tracker_article
    FOR EACH ROW EXECUTE FUNCTION article_is_new();

INSERT INTO tracker_article SELECT * FROM tracker_article_whole;

CREATE TRIGGER article_is_gone AFTER DELETE ON tracker_article
    FOR EACH ROW EXECUTE FUNCTION article_is_gone();
CREATE TRIGGER article_stays BEFORE UPDATE OF id, url_key, first_seen_at ON tracker_article
    FOR EACH ROW WHEN ((OLD.id, OLD.url_key, OLD.first_seen_at) IS DISTINCT FROM (NEW.id, NEW.url_key, NEW.first_seen_at))
    EXECUTE FUNCTION article_stays();

-- The same indexes as before, except that ids and keys are unique in their own table.
ALTER TABLE tracker_article ADD PRIMARY KEY (id, first_seen_at);
DO $$
DECLARE
    line record;
BEGIN
    FOR line IN
        SELECT indexdef FROM pg_indexes
        WHERE tablename = 'tracker_article_whole' AND indexdef NOT LIKE 'CREATE UNIQUE%'
    LOOP
        EXECUTE regexp_replace(
            replace(line.indexdef, 'tracker_article_whole', 'tracker_article'), 'INDEX \S+ ON', 'INDEX ON'
        );
    END LOOP;
    CREATE INDEX ON tracker_article (url_key);
    -- What refers to an article now refers to its key.
    FOR line IN
        SELECT conname, conrelid::regclass AS owner, pg_get_constraintdef(oid) AS says FROM pg_constraint
        WHERE contype = 'f' AND confrelid = 'tracker_article_whole'::regclass
    LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', line.owner, line.conname);
        EXECUTE format(
            'ALTER TABLE %s ADD CONSTRAINT %I %s', line.owner, line.conname,
            replace(line.says, 'tracker_article_whole(', 'tracker_article_key(')
        );
    END LOOP;
    -- Numbers go on where they were.
    CREATE SEQUENCE tracker_article_number OWNED BY tracker_article.id;
    PERFORM setval('tracker_article_number', coalesce((SELECT max(id) FROM tracker_article_key), 0) + 1, false);
    ALTER TABLE tracker_article ALTER COLUMN id SET DEFAULT nextval('tracker_article_number');
END $$;

DROP TABLE tracker_article_whole;
ANALYZE tracker_article;
