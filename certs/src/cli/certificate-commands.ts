/** `cert …` and `needs-renewal`: agents' certificates on record, and a certificate in a file. */
import { CertificateState, type Certificate } from '@casare/shared/api';
import { api } from '@casare/shared/client';
import { details, json, type Column } from '@casare/shared/terminal';
import { type Command, Option } from 'commander';
import { readCertificate } from '../contents.ts';
import { certificatesInPem } from '../pem.ts';
import {
  atDesk,
  changeOf,
  changing,
  example,
  outputOf,
  sayDryRun,
  type ChangeOptions,
  type Surroundings,
} from './desk.ts';
import { each } from './each.ts';
import { CliError, EXIT, type ExitCode } from './exit.ts';
import { readPem } from './files.ts';
import { distance, seconds } from './time.ts';

const COLUMNS = (now: Date): Column<Certificate>[] => [
  ['SERIAL', ({ serial }) => serial],
  ['AGENT', ({ agentName }) => agentName],
  ['STATE', ({ state }) => state],
  ['GENERATION', ({ generation }) => generation],
  ['ENDS', ({ notAfter }) => distance(notAfter, now)],
  ['AGENT ID', ({ agentId }) => agentId],
];

export function addCertificateCommands(program: Command, around: Surroundings, end: (code: ExitCode) => void): void {
  const cert = program.command('cert').description("agents' certificates");

  const list = cert
    .command('list')
    .description('certificates on record, newest first')
    .option('--agent <id>', 'of one agent')
    .addOption(new Option('--state <state>', 'in this state').choices(CertificateState.options))
    .option('--limit <n>', 'how many', '50')
    .option('--cursor <cursor>', 'the next page')
    .action((query: { agent?: string; state?: CertificateState; limit: string; cursor?: string }, command: Command) =>
      atDesk(command, around, async (desk) => {
        desk.list(await desk.client.call(api.trust.certificates, { query }), COLUMNS(around.now()));
      }),
    );
  example(list, 'cert list --state current', 'cert list --agent 0198a7c0-0000-7000-8000-000000000000');

  const show = cert
    .command('show')
    .description('one certificate on record')
    .argument('<serial>')
    .action((serial: string, _: object, command: Command) =>
      atDesk(command, around, async (desk) => {
        desk.show(await desk.client.call(api.trust.certificate, { params: { serial } }), certificateText);
      }),
    );
  example(show, 'cert show 01a1b2c3d4e5f60718293a4b5c6d7e8f90');

  const revoke = changing(cert.command('revoke'))
    .description('revoke certificates: their sessions end within two seconds')
    .argument('<serial...>')
    .requiredOption('--reason <text>', 'why, for the audit log')
    .action((serials: string[], options: ChangeOptions & { reason: string }, command: Command) =>
      atDesk(command, around, async (desk) => {
        const body = { reason: options.reason, ...changeOf(options) };
        sayDryRun(desk, options);
        const code = await each(desk, serials, {
          run: (serial) => desk.client.call(api.trust.revoke, { params: { serial }, body }),
          line: ({ serial, agentName }) => `revoked ${serial} of ${agentName}`,
        });
        end(code);
      }),
    );
  example(revoke, 'cert revoke 01a1b2c3d4e5f60718293a4b5c6d7e8f90 --reason "laptop lost"');

  const renewal = program
    .command('needs-renewal')
    .description('whether a certificate in a file should be renewed; exit code 10 when it should')
    .argument('<file.pem>')
    .option('--within <time>', 'when it ends within this time (default: when half of its life is over)')
    .action(async (file: string, options: { within?: string }, command: Command) => {
      const answer = await needsRenewal(file, options.within, around.now());
      const asJson = outputOf(command) === 'json';
      around.out(
        asJson
          ? json(answer)
          : `${answer.due ? 'renew it' : 'good'}: it ends ${distance(answer.notAfter, around.now())}\n`,
      );
      if (answer.due) end(EXIT.attention);
    });
  example(renewal, 'needs-renewal /var/lib/casare-agent/chain.pem', 'needs-renewal web.pem --within 14d');
}

/** Judges the first certificate of a file. */
async function needsRenewal(file: string, within: string | undefined, now: Date) {
  const der = certificatesInPem(await readPem(file))[0];
  const contents = der === undefined ? null : readCertificate(der);
  if (contents === null) throw new CliError('NO_CERTIFICATE', `${file} holds no PEM certificate: give another file`);
  if (!contents.ok) throw new CliError(contents.code, `${file}: ${contents.message}: give another file`);
  const { notBefore, notAfter } = contents.value;
  const life = notAfter.getTime() - notBefore.getTime();
  const leadMs = within === undefined ? life / 2 : seconds(within) * 1_000;
  return { due: now.getTime() >= notAfter.getTime() - leadMs, notAfter: notAfter.toISOString() };
}

function certificateText(certificate: Certificate): string {
  return details([
    ['serial', certificate.serial],
    ['agent', `${certificate.agentName} (${certificate.agentId})`],
    ['state', certificate.state],
    ['generation', certificate.generation],
    ['CA', certificate.authority],
    ['issued', certificate.createdAt],
    ['ends', certificate.notAfter],
    ['revoked', certificate.revokedAt === null ? null : `${certificate.revokedAt}: ${certificate.revokedWhy ?? ''}`],
  ]);
}
