/** Entry of the signer process: small, since it is started with the control plane. People call `casare-certs signer`. */
import { parseArgs } from 'node:util';
import { runSigner } from './run.ts';

const text = { type: 'string' } as const;
const { values } = parseArgs({
  options: { home: text, 'trust-domain': text, host: { type: 'string', multiple: true }, socket: text, group: text },
});
const { 'trust-domain': trustDomain, ...others } = values;
process.exitCode = await runSigner({ trustDomain, ...others });
