/** Rows that are written: in the order of their columns, and nothing lost on the way. */
import type { Cell, Row } from '@casare/shared/workflow';
import { StepFailure } from '../../engine/index.ts';

/** Rows as cells. `columns` is null when nobody names them: the rows are lists. */
interface InColumns {
  readonly columns: readonly string[] | null;
  readonly rows: AsyncIterable<readonly Cell[]>;
}

/**
 * The columns are those given, else those of the first row. A row that has others is an error unless they were given:
 * what a document did not choose to leave out is not left out.
 *
 * @throws StepFailure ROW_OF_OTHER_COLUMNS, ROWS_MIXED
 */
export async function inColumns(rows: AsyncGenerator<Row>, given: readonly string[] | undefined): Promise<InColumns> {
  const first = await rows.next();
  const columns = given ?? (first.done === true || isList(first.value) ? null : Object.keys(first.value));
  return {
    columns,
    rows: (async function* () {
      let number = 0;
      for (let next = first; next.done !== true; next = await rows.next()) {
        number += 1;
        yield cellsOf(next.value, columns, given !== undefined, number);
      }
    })(),
  };
}

function cellsOf(row: Row, columns: readonly string[] | null, chosen: boolean, number: number): readonly Cell[] {
  if (isList(row)) {
    if (columns !== null && !chosen) throw mixed(number);
    return row;
  }
  if (columns === null) throw mixed(number);
  const other = chosen ? undefined : Object.keys(row).find((name) => !columns.includes(name));
  if (other !== undefined) throw otherColumns(number, other);
  return columns.map((name) => (Object.hasOwn(row, name) ? (row[name] ?? null) : null));
}

/** `Array.isArray` does not tell a record from a list in types. */
function isList(row: Row): row is Cell[] {
  return Array.isArray(row);
}

function mixed(number: number): StepFailure {
  return new StepFailure({
    type: 'validation',
    code: 'ROWS_MIXED',
    title: 'The rows are not all of one kind',
    detail: `Row ${number} is a list among objects, or an object among lists: make all rows objects, or all lists.`,
    certain: true,
  });
}

function otherColumns(number: number, name: string): StepFailure {
  return new StepFailure({
    type: 'validation',
    code: 'ROW_OF_OTHER_COLUMNS',
    title: 'A row has a column that the first one has not',
    detail: `Row ${number} has ${JSON.stringify(name)}: name the wanted \`columns\`.`,
    certain: true,
  });
}
