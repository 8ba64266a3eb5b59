/**
 * `npm run build:msi [-- --sign-with CERTIFICATE.pem KEY.pem] [--timestamp URL] [--help-link URL]`: writes the MSI
 * to `dist/`. Files get the time of SOURCE_DATE_EPOCH, or always the same.
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { BuildFault } from '../fault.ts';
import { buildMsi } from './msi.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { 'sign-with': { type: 'boolean' }, timestamp: { type: 'string' }, 'help-link': { type: 'string' } },
  });
  const [certificate, key] = positionals;
  if ((values['sign-with'] === true) !== (certificate !== undefined && key !== undefined)) {
    throw new BuildFault('USAGE', '--sign-with takes two files: the certificate and its key, both PEM');
  }
  const { timestamp, 'help-link': helpLink } = values;
  if (helpLink !== undefined && !(URL.canParse(helpLink) && helpLink.startsWith('https://'))) {
    throw new BuildFault('USAGE', '--help-link takes an https:// address');
  }
  const epoch = Number(process.env['SOURCE_DATE_EPOCH'] ?? Date.UTC(2026, 0, 1) / 1_000);
  const file = await buildMsi({
    ...{ root: ROOT, out: path.join(ROOT, 'dist'), at: new Date(epoch * 1_000) },
    ...(helpLink !== undefined && { helpLink }),
    ...(certificate !== undefined &&
      key !== undefined && { signer: { certificate, key, ...(timestamp !== undefined && { timestamp }) } }),
  });
  process.stdout.write(`${path.relative(process.cwd(), file)}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
