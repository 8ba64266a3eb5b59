/** `status` and `check-expiration`: how trust stands, and what ends next. */
import type { Authority, Expiration, TrustStatus } from '@casare/shared/api';
import { api } from '@casare/shared/client';
import { details, table, type Column } from '@casare/shared/terminal';
import type { Command } from 'commander';
import { atDesk, example, type Surroundings } from './desk.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { rotationLine } from './rotation-view.ts';
import { distance, seconds } from './time.ts';

export function addStatusCommands(program: Command, around: Surroundings, end: (code: ExitCode) => void): void {
  const status = program
    .command('status')
    .description('how trust stands: CAs, open rotations, locks, what ends next, the next safe command')
    .action((_: object, command: Command) =>
      atDesk(command, around, async ({ client, show }) => {
        show(await client.call(api.trust.status), (value) => statusText(value, around.now()));
      }),
    );
  example(status, 'status', 'status --output json');

  const expiration = program
    .command('check-expiration')
    .description('what ends within a time; exit code 10 when anything does')
    .option('--within <time>', 'how far to look ahead, such as 30d or 12h', '30d')
    .action(({ within }: { within: string }, command: Command) =>
      atDesk(command, around, async ({ client, show }) => {
        const query = { within: seconds(within) };
        const found = await client.call(api.trust.expirations, { query });
        show(found, ({ items, more }) => expirationText(items, more, within, around.now()));
        if (found.items.length > 0) end(EXIT.attention);
      }),
    );
  example(expiration, 'check-expiration --within 14d');
}

function statusText(status: TrustStatus, now: Date): string {
  const { signer, nextExpiration: first, bundle, rotations } = status;
  const behind = status.gateways.filter((gateway) => gateway.rev < status.rev).length;
  const head = details([
    ['rev', status.rev],
    ['signer', signer.why === null ? signer.state : `${signer.state}: ${signer.why}`],
    ['gateways', `${status.gateways.length}, ${behind} behind this rev`],
    ['locks', status.locks],
    ['bundle', `${bundle.digest.slice(0, 16)}, ${bundle.roots} ${bundle.roots === 1 ? 'root' : 'roots'}`],
    ['ends first', first === null ? null : `${first.subject} ${first.name}, ${distance(first.notAfter, now)}`],
  ]);
  const open = rotations.map((rotation) => `${rotationLine(rotation)}\n`).join('');
  return `${head}\n${table(status.authorities, authorityColumns(now))}${open && `\n${open}`}\nnext: ${status.next}\n`;
}

function authorityColumns(now: Date): Column<Authority>[] {
  return [
    ['KIND', ({ kind }) => kind],
    ['TENANT', ({ tenant }) => tenant],
    ['STATE', ({ state }) => state],
    ['KEY', ({ key }) => key],
    ['LIVE', ({ live }) => live],
    ['ENDS', ({ notAfter }) => distance(notAfter, now)],
    ['KEY ID', ({ keyId }) => keyId.slice(0, 16)],
    ['ID', ({ id }) => id],
  ];
}

function expirationText(items: readonly Expiration[], more: boolean, within: string, now: Date): string {
  if (items.length === 0) return `Nothing ends within ${within}.\n`;
  const rows = table(items, [
    ['WHAT', ({ subject }) => subject],
    ['NAME', ({ name }) => name],
    ['ENDS', ({ notAfter }) => distance(notAfter, now)],
    ['AT', ({ notAfter }) => notAfter],
    ['NEXT', ({ next }) => next],
  ]);
  return more ? `${rows}There is more; these end first.\n` : rows;
}
