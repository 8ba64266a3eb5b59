/** How the deletion of a tenant goes, and the proof that nothing is left. */
import type { Deletion } from '@casare/shared/api';
import { Table } from '../ui/table.tsx';
import { Ago } from '../ui/when.tsx';

export function DeletionReport({ deletion }: { deletion: Deletion }) {
  const { state, askedAt, askedBy, finishedAt, report } = deletion;
  const parts = [...(report?.tables ?? []), ...(report?.folders ?? [])];
  const left = parts.reduce((sum, part) => sum + part.left, 0);
  return (
    <section aria-labelledby="deletion-title">
      <h2 id="deletion-title">Deletion</h2>
      <p role="status">
        {state === 'running' && 'It is under way. This page follows it.'}
        {state === 'finished' && (left === 0 ? 'It is finished, and nothing is left.' : `${left} things are left.`)}
      </p>
      <p className="faint">
        Asked for <Ago time={askedAt} /> by <code>{askedBy}</code>
        {finishedAt !== null && (
          <>
            , finished <Ago time={finishedAt} />
          </>
        )}
      </p>
      {parts.length > 0 && (
        <Table caption="What was removed" columns={['What', 'Removed', 'Left']}>
          {parts.map(({ name, removed, left: rest }) => (
            <tr key={name} role="row">
              <td role="cell">
                <code>{name}</code>
              </td>
              <td role="cell" data-label="Removed">
                {removed.toLocaleString('en')}
              </td>
              <td role="cell" data-label="Left">
                {rest.toLocaleString('en')}
              </td>
            </tr>
          ))}
        </Table>
      )}
    </section>
  );
}
