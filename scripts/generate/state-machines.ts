/** `docs/state-machines.md`: the lifecycle tables as pictures and tables, so that reviewers see what changed. */
import type { Table } from '../../shared/dist/lifecycle.js';
import { JOB } from '../../control-plane/dist/jobs/job.lifecycle.js';
import { AGENT } from '../../control-plane/dist/fleet/agent.lifecycle.js';
import { TUNNEL } from '../../control-plane/dist/fleet/tunnel.lifecycle.js';
import { CA } from '../../control-plane/dist/trust/ca.lifecycle.js';
import { ROTATION } from '../../control-plane/dist/trust/rotation.lifecycle.js';

const MACHINES: readonly [title: string, file: string, table: Table<string, string>][] = [
  ['Job', 'control-plane/src/jobs/job.lifecycle.ts', JOB],
  ['Agent', 'control-plane/src/fleet/agent.lifecycle.ts', AGENT],
  ['Tunnel session', 'control-plane/src/fleet/tunnel.lifecycle.ts', TUNNEL],
  ['CA', 'control-plane/src/trust/ca.lifecycle.ts', CA],
  ['CA rotation', 'control-plane/src/trust/rotation.lifecycle.ts', ROTATION],
];

/** The document. */
export function stateMachines(): string {
  const head = '# State machines\n\nGenerated from the tables in the sources by `npm run generate`; do not edit.\n';
  return [head, ...MACHINES.map(section)].join('\n');
}

function section([title, file, table]: (typeof MACHINES)[number]): string {
  const moves = Object.entries(table).flatMap(([from, events]) =>
    Object.entries(events).map(([event, to]) => ({ from, event, to: String(to) })),
  );
  const picture = moves.map(({ from, event, to }) => `  ${from} --> ${to}: ${event}`);
  const rows = moves.map(({ from, event, to }) => `| ${from} | ${event} | ${to} |`);
  return [
    `## ${title}\n\nSource: \`${file}\`\n`,
    '```mermaid\nstateDiagram-v2',
    ...picture,
    '```\n',
    '| in state | when | then |\n| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}
