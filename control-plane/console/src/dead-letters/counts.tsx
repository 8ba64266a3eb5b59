/** How many dead letters there are, and of which workflows most: where to look first. */
import { DeadReason, type DeadLetterCounts } from '@casare/shared/api';
import { api as endpoints } from '@casare/shared/client';
import { useCallback } from 'react';
import { useSession } from '../session.tsx';
import { Fault } from '../ui/fault.tsx';
import { Table } from '../ui/table.tsx';
import { useLoaded } from '../ui/use-loaded.ts';
import { Ago } from '../ui/when.tsx';
import { DEAD_WORDS } from '../words.ts';

const AGAIN_MS = 30_000;
/** Workflows that are shown; the others are one number. */
const SHOWN = 5;

export function Counts({ reason }: { reason: DeadReason | null }) {
  const { api } = useSession();
  const load = useCallback(
    (signal: AbortSignal) =>
      api.call(endpoints.deadLetters.counts, { query: reason === null ? {} : { reason }, signal }),
    [api, reason],
  );
  const { value, error, refresh } = useLoaded(load, AGAIN_MS);
  if (error !== null) return <Fault error={error} onRetry={refresh} />;
  return value === null || value.total === 0 ? null : <Picture counts={value} />;
}

function Picture({ counts: { total, complete, reasons, workflows, others } }: { counts: DeadLetterCounts }) {
  const shown = workflows.slice(0, SHOWN);
  const rest = workflows.slice(SHOWN).reduce((sum, each) => sum + each.total, others);
  const most = shown[0]?.total ?? 1;
  return (
    <section aria-labelledby="counts-title">
      <h2 id="counts-title">{complete ? `${total} in all` : `${total} and more`}</h2>
      <p>
        {DeadReason.options
          .filter((reason) => reasons[reason] > 0)
          .map((reason) => `${DEAD_WORDS[reason]}: ${reasons[reason]}`)
          .join(' · ')}
      </p>
      <Table caption="Dead letters by workflow, those with the most first" columns={['Workflow', 'Jobs', '', 'Last']}>
        {shown.map(({ workflow, total: jobs, lastFailedAt }) => (
          <tr key={workflow} role="row">
            <td role="cell">{workflow}</td>
            <td role="cell" data-label="Jobs">
              {jobs}
            </td>
            <td role="cell">
              <meter aria-label={`Jobs of ${workflow}`} min={0} max={most} value={jobs} />
            </td>
            <td role="cell" data-label="Last">
              <Ago time={lastFailedAt} />
            </td>
          </tr>
        ))}
        {rest > 0 && (
          <tr role="row">
            <td role="cell">Other workflows</td>
            <td role="cell" data-label="Jobs">
              {rest}
            </td>
            <td role="cell" />
            <td role="cell" />
          </tr>
        )}
      </Table>
    </section>
  );
}
