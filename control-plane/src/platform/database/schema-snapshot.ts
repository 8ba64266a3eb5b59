/**
 * The schema of a live database as text, in a stable order: what `pg_dump --schema-only` would say, from the catalogues
 * (the embedded server brings no pg_dump). Committed as `schema.sql` and compared in `npm run check`.
 *
 * Invariant: the same migrations give the same text, on every day and on every server version from 15 on. Therefore
 * partitions whose name ends in a date are left out, and NOT NULL is printed with its column only.
 */
import type { Database } from './pool.ts';
import { CATALOGUE, type CatalogueRow } from './schema-catalogue.ts';

/** Reads the whole schema `public` in one snapshot. */
export async function schemaSnapshot(db: Database): Promise<string> {
  const sections = await db.transaction(
    async (tx) => {
      // Without a search path, every name in a definition is printed with its schema, whoever asks.
      await tx.script(`set local search_path = ''`);
      const texts: string[] = [];
      for (const { title, statement } of CATALOGUE) {
        const rows = await tx.query(statement());
        if (rows.length > 0) texts.push(`-- ${title}\n${rows.map(printed).join('\n')}`);
      }
      return texts;
    },
    { isolation: 'repeatable read', readOnly: true },
  );
  return `${['-- Generated from the catalogues of a migrated database. Do not edit.', ...sections].join('\n\n')}\n`;
}

function printed(row: CatalogueRow): string {
  const text = row.definition.trimEnd();
  return text.endsWith(';') ? text : `${text};`;
}
