/** `bundle …`: the roots that agents trust gateways by. */
import type { Bundle } from '@casare/shared/api';
import { api } from '@casare/shared/client';
import { details, json } from '@casare/shared/terminal';
import type { Command } from 'commander';
import { X509Certificate } from 'node:crypto';
import { bundleDigest } from '../bundle.ts';
import { caProfile } from '../ca-profile.ts';
import { readCertificate } from '../contents.ts';
import { certificatesInPem } from '../pem.ts';
import { pinOf } from '../pin.ts';
import { atDesk, example, outputOf, type Surroundings } from './desk.ts';
import { CliError } from './exit.ts';
import { readPem, writeNew } from './files.ts';

export function addBundleCommands(program: Command, around: Surroundings): void {
  const bundle = program.command('bundle').description('the roots that agents trust gateways by');

  const exported = bundle
    .command('export')
    .description('the roots as PEM, on standard output or in a new file')
    .option('--out <file>', 'a new file')
    .action(({ out }: { out?: string }, command: Command) =>
      atDesk(command, around, async ({ client, show }) => {
        const found = await client.call(api.trust.bundle);
        if (out === undefined) show(found, ({ roots }) => roots.join(''));
        else {
          await writeNew(out, found.roots.join(''), 0o644);
          show({ file: out, digest: found.digest, roots: found.roots.length }, ({ digest }) => `${out}: ${digest}\n`);
        }
      }),
    );
  example(exported, 'bundle export --out casare-roots.pem');

  const verify = bundle
    .command('verify')
    .description('check the roots in a file: that each is a server root in time, and that they are those of the server')
    .argument('<file.pem>')
    .option('--digest <sha256>', 'compare with this digest instead of asking the server')
    .action(async (file: string, { digest }: { digest?: string }, command: Command) => {
      const found = rootsOf(await readPem(file), file, around.now());
      const report = (wanted: string): void => {
        if (found.digest !== wanted) throw differs(file, found.digest, wanted);
        const text = details([
          ['digest', found.digest],
          ...found.roots.map(({ pin, notAfter }) => ['root', `pin ${pin}, ends ${notAfter}`] as const),
        ]);
        around.out(outputOf(command) === 'json' ? json(found) : text);
      };
      if (digest !== undefined) return report(digest.toLowerCase());
      return atDesk(command, around, async ({ client }) => {
        const of: Bundle = await client.call(api.trust.bundle);
        report(of.digest);
      });
    });
  example(verify, 'bundle verify casare-roots.pem', 'bundle verify casare-roots.pem --digest 9f86d0…');
}

/** Reads and judges the roots of a file: self-signed server roots that are in time. */
function rootsOf(text: string, file: string, now: Date) {
  const roots = certificatesInPem(text).map((der) => {
    const contents = readCertificate(der);
    const good = contents.ok && caProfile(contents.value)?.kind === 'server-root' && isSelfSigned(der);
    if (!good)
      throw new CliError('BUNDLE_REFUSED', `${file} holds a certificate that is no server root: export it again`);
    const { notAfter } = contents.value;
    if (notAfter <= now) throw new CliError('BUNDLE_REFUSED', `${file} holds a root that has ended: export it again`);
    return { pin: pinOf(der), notAfter: notAfter.toISOString() };
  });
  if (roots.length === 0) throw new CliError('NO_CERTIFICATE', `${file} holds no PEM certificate: give another file`);
  return { digest: bundleDigest([text]), roots };
}

function isSelfSigned(der: Uint8Array): boolean {
  const certificate = new X509Certificate(der);
  return certificate.verify(certificate.publicKey);
}

function differs(file: string, found: string, wanted: string): CliError {
  return new CliError(
    'BUNDLE_DIFFERS',
    `${file} holds other roots (digest ${found}) than expected (${wanted}): export it again, or find out who changed it`,
  );
}
