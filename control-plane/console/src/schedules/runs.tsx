/** The next times of a schedule, by the clocks of its zone and by those of the reader. */
import { READERS_ZONE } from '../words.ts';
import { Table } from '../ui/table.tsx';
import { Until, Wall } from '../ui/when.tsx';

export function Runs({ times, zone }: { times: readonly string[]; zone: string }) {
  const same = zone === READERS_ZONE;
  const columns = [`In ${zone}`, ...(same ? [] : [`Yours (${READERS_ZONE})`]), 'That is'];
  return (
    <Table caption="Next runs" columns={columns}>
      {times.map((time) => (
        <tr key={time} role="row">
          <td role="cell" data-label={same ? undefined : zone}>
            <Wall time={time} zone={zone} />
          </td>
          {!same && (
            <td role="cell" data-label="Yours">
              <Wall time={time} />
            </td>
          )}
          <td role="cell" className="faint">
            <Until time={time} />
          </td>
        </tr>
      ))}
    </Table>
  );
}
