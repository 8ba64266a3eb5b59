import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { schemaSnapshot } from './schema-snapshot.ts';
import { testDatabase, type TestDatabase } from './testing.ts';

const SCHEMA = `
  create type mood as enum ('good', 'bad');
  create domain label as text check (value <> '');
  create table parent (tenant text not null, id bigint generated always as identity, mood mood default 'good',
    name label, doubled int generated always as (1 + 1) stored, primary key (tenant, id)) with (fillfactor = 70);
  create table history (tenant text not null, at timestamptz not null default now(), parent_id bigint,
    foreign key (tenant, parent_id) references parent, check (parent_id > 0)) partition by range (at);
  create table history_rest partition of history default;
  create index history_at on history (tenant, at desc) where parent_id is not null;
  alter table parent enable row level security;
  alter table parent force row level security;
  create policy own on parent using (tenant = current_setting('app.tenant')) with check (true);
  create function twice(n int) returns int language sql immutable as 'select n * 2';
  revoke execute on function twice from public;
  create view names as select name from parent;
  create function touch() returns trigger language plpgsql as 'begin return new; end';
  create trigger touched before update on parent for each row execute function touch();
  grant select on parent to pg_monitor;
`;

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase({ migrations: 'none' });
  await database.db.transaction((tx) => tx.script(SCHEMA));
});
afterAll(() => database.close());

describe('schemaSnapshot', () => {
  it.each([
    `CREATE TYPE mood AS ENUM ('good', 'bad');`,
    `CREATE DOMAIN label AS text CONSTRAINT label_check CHECK ((VALUE <> ''::text));`,
    `  id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,\n  mood public.mood DEFAULT 'good'::public.mood,`,
    `  doubled integer GENERATED ALWAYS AS ((1 + 1)) STORED\n) WITH (fillfactor=70);`,
    `ALTER TABLE parent ADD CONSTRAINT parent_pkey PRIMARY KEY (tenant, id);`,
    `ALTER TABLE history ADD CONSTRAINT history_tenant_parent_id_fkey FOREIGN KEY (tenant, parent_id) REFERENCES public.parent(tenant, id);`,
    `PARTITION BY RANGE (at);`,
    `CREATE TABLE history_rest PARTITION OF public.history DEFAULT;`,
    `CREATE INDEX history_at ON ONLY public.history USING btree (tenant, at DESC) WHERE (parent_id IS NOT NULL);`,
    `ALTER TABLE parent FORCE ROW LEVEL SECURITY;`,
    `CREATE POLICY own ON parent AS PERMISSIVE FOR ALL TO PUBLIC USING ((tenant = current_setting('app.tenant'::text))) WITH CHECK (true);`,
    `CREATE OR REPLACE FUNCTION public.twice(n integer)`,
    `CREATE VIEW names AS`,
    `CREATE TRIGGER touched BEFORE UPDATE ON public.parent FOR EACH ROW EXECUTE FUNCTION public.touch();`,
    `GRANT SELECT ON TABLE parent TO pg_monitor;`,
    `GRANT EXECUTE ON FUNCTION touch() TO PUBLIC;`,
  ])('prints %s', async (text) => {
    expect(await schemaSnapshot(database.db)).toContain(text);
  });

  it('does not print a right that was revoked', async () => {
    expect(await schemaSnapshot(database.db)).not.toContain('ON FUNCTION twice');
  });

  it('stays the same over dated partitions and another database made the same way', async () => {
    const before = await schemaSnapshot(database.db);
    const other = await testDatabase({ migrations: 'none' });
    await other.db.transaction((tx) => tx.script(SCHEMA));
    await other.db.transaction((tx) =>
      tx.script(
        `create table history_2026_02_28 partition of history for values from ('2026-02-28') to ('2026-03-01')`,
      ),
    );
    expect(await schemaSnapshot(other.db)).toBe(before);
    await other.close();
  });

  it('changes with every kind of change', async () => {
    const before = await schemaSnapshot(database.db);
    for (const change of [
      'alter table parent set (fillfactor = 80)',
      'alter table history alter at drop default',
      'drop index history_at',
      'alter table parent no force row level security',
      'grant execute on function twice to public',
    ]) {
      const rolledBack = new Error('back');
      const work = database.db.transaction(async (tx) => {
        await tx.script(change);
        // The snapshot of the same transaction, through a database whose only transaction is this one.
        const inside = await schemaSnapshot({ ...database.db, transaction: (run) => run(tx) });
        expect(inside, change).not.toBe(before);
        throw rolledBack;
      });
      await expect(work).rejects.toBe(rolledBack);
    }
    expect(await schemaSnapshot(database.db)).toBe(before);
  });
});
