/** What the jobs of a chaos run do: a few small steps, and one that must not be repeated. */
import { api, type Client } from '@casare/shared/client';
import type { Acts } from './history.ts';

export interface Kind {
  /** `namespace/name`. */
  readonly workflow: string;
  readonly acts: Acts;
  readonly share: number;
}

const steps = (name: string, rpa: string, act: string): string => `document:
  dsl: '1.0.3'
  namespace: chaos
  name: ${name}
  version: '1.0.0'
  metadata: { rpa: { disconnectGrace: { seconds: 5 }${rpa} } }
do:
  - begin:
      set: { key: '\${ .key }', total: 1 }
${act}  - end:
      set: { key: '\${ .key }' }
`;

const outside = (url: string): string => `  - act:
      call: http
      with: { method: post, endpoint: '${url}/{key}' }
      output: { as: '\${ { key: .done } }' }
`;
const LOG = `  - act:
      call: log
      with: { message: '\${ .key }' }
      metadata: { rpa: { effect: unsafe } }
      output: { as: '\${ $input }' }
`;
const PLAIN = `  - more:
      set: { key: '\${ .key }', more: true }
`;

/** Every kind and its share of the jobs. `held`: leave to act is asked of the control plane. */
export const KINDS: readonly Kind[] = [
  { workflow: 'chaos/outside', acts: 'outside', share: 50 },
  { workflow: 'chaos/held', acts: 'outside', share: 15 },
  { workflow: 'chaos/log', acts: 'log', share: 5 },
  { workflow: 'chaos/plain', acts: 'no', share: 30 },
];

/** `outside`: where a step acts. */
export async function pushWorkflows(client: Client, url: string): Promise<void> {
  const documents = [
    steps('outside', '', outside(url)),
    steps('held', ', onDisconnect: hold', outside(url)),
    steps('log', '', LOG),
    steps('plain', '', PLAIN),
  ];
  for (const body of documents) await client.call(api.workflows.push, { body, mediaType: 'application/yaml' });
}
