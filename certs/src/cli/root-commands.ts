/**
 * `init` and `root …`: roots whose keys are at a safe. Keys leave the server only here, on the server itself, and are
 * used only where their files and passphrase are.
 */
import type { AuthorityRequest } from '@casare/shared/api';
import { api } from '@casare/shared/client';
import { details } from '@casare/shared/terminal';
import { type Command, Option } from 'commander';
import { signAuthority } from '../ceremony.ts';
import { keyIdOf } from '../keys.ts';
import { readCertificate } from '../contents.ts';
import { certificatesInPem, requestInPem } from '../pem.ts';
import { pinOf } from '../pin.ts';
import { readRequest } from '../request.ts';
import { makeRootDirectory, readRootFiles, writeRootFiles } from '../root-directory.ts';
import type { RootKind } from '../root.ts';
import {
  atDesk,
  changeOf,
  changing,
  example,
  localOnly,
  sayDryRun,
  showAs,
  type ChangeOptions,
  type Desk,
  type Surroundings,
} from './desk.ts';
import { CliError, EXIT, usage } from './exit.ts';
import { readPem, writeNew } from './files.ts';
import { passphraseFrom } from './passphrase.ts';
import { days } from './time.ts';

interface PassphraseOption {
  readonly passphraseFile?: string;
}
type CaName = 'server-ca' | 'agent-ca';

const TRUST_DOMAIN = 'casare.internal';

export function addRootCommands(program: Command, around: Surroundings): void {
  const kindOption = (): Option => new Option('--kind <kind>', 'which root').choices(['server', 'agent']);
  const caOption = (): Option =>
    new Option('--kind <kind>', 'what the CA is for').choices(['server-ca', 'agent-ca']).makeOptionMandatory();
  const withPassphrase = (command: Command): Command =>
    command.option('--passphrase-file <file>', 'a private file with the passphrase (default: standard input)');

  const init = withPassphrase(program.command('init'))
    .description('make roots that no server has ever seen, with encrypted keys, in a directory that goes to a safe')
    .argument('<directory>')
    .addOption(kindOption().default(undefined, 'both'))
    .option('--lifetime <time>', 'how long they live', '3650d')
    .action(
      async (
        directory: string,
        options: PassphraseOption & { kind?: RootKind; lifetime: string },
        command: Command,
      ) => {
        const kinds: RootKind[] = options.kind === undefined ? ['server', 'agent'] : [options.kind];
        const passphrase = await passphraseFrom(around, options.passphraseFile);
        const made = await makeRootDirectory({
          directory,
          kinds,
          passphrase,
          now: around.now(),
          lifetimeDays: days(options.lifetime),
        });
        if (!made.ok) throw new CliError(made.code, made.message);
        const roots = made.value.map(({ kind, certificate }) => ({ kind, pin: pinOf(certificate) }));
        showAs(command, around, { directory, roots }, () =>
          details([['directory', directory], ...roots.map(({ kind, pin }) => [`${kind} root`, `pin ${pin}`] as const)]),
        );
      },
    );
  example(init, 'init /media/safe/casare < passphrase.txt');

  const root = program.command('root').description('roots whose keys are offline');

  const adopt = changing(root.command('adopt'))
    .description("make roots of `init` this installation's, before its first start; on the server, with --local")
    .argument('<directory>', 'their certificates are enough; leave the keys at the safe')
    .action((directory: string, options: ChangeOptions, command: Command) => {
      const adoption = async (desk: Desk) => {
        const { importRoot } = localOnly(desk);
        const adopted: { kind: RootKind; id: string; keyId: string }[] = [];
        sayDryRun(desk, options);
        for (const kind of ['server', 'agent'] as const) {
          const certificatePem = await readPem(`${directory}/${kind}-root.pem`);
          adopted.push({ kind, ...(await importRoot(kind, { certificatePem, ...changeOf(options) })) });
        }
        desk.show({ adopted }, () => details(adopted.map(({ kind, keyId }) => [`${kind} root`, `key id ${keyId}`])));
      };
      return atDesk(command, around, adoption, { begins: true });
    });
  example(adopt, 'root adopt /media/safe/casare --local');

  const exported = withPassphrase(changing(root.command('export')))
    .description('write a root and its encrypted key to a directory; on the server, with --local')
    .argument('<directory>')
    .addOption(kindOption().makeOptionMandatory())
    .option('--remove', 'then forget the key here: it is offline from now on')
    .action(
      (
        directory: string,
        options: ChangeOptions & PassphraseOption & { kind: RootKind; remove?: boolean },
        command: Command,
      ) =>
        atDesk(command, around, async (desk) => {
          const { exportRoot, takeOffline } = localOnly(desk);
          const { kind, remove = false } = options;
          const passphrase = await passphraseFrom(around, options.passphraseFile);
          sayDryRun(desk, options);
          if (!options.dryRun)
            await writeRootFiles(directory, kind, await exportRoot(kind, passphrase)).catch(taken(directory));
          // What is written is read again, so that the key is forgotten only when the file holds it.
          const files = remove && !options.dryRun ? await rootIn(directory, kind) : null;
          if (files !== null) await takeOffline(kind, { files, passphrase, ...changeOf(options) });
          const key = files === null ? 'still on the server too' : 'only there';
          desk.show({ directory, kind, removed: files !== null }, () =>
            details([
              ['written to', directory],
              ['key', key],
            ]),
          );
        }),
    );
  example(exported, 'root export /media/safe/casare --kind server --remove --local < passphrase.txt');

  const csr = changing(root.command('csr'))
    .description('make the key of a new CA, and the request that an offline root signs')
    .addOption(caOption())
    .option('--tenant <name>', 'whose agents (default: the tenant of the API key)')
    .requiredOption('--out <file>', 'a new file for the request')
    .action((options: ChangeOptions & { kind: CaName; tenant?: string; out: string }, command: Command) =>
      atDesk(command, around, async (desk) => {
        const { kind, tenant, out } = options;
        const body = { kind: caKind(kind), ...(tenant === undefined ? {} : { tenant }), ...changeOf(options) };
        const made = await desk.client.call(api.authorities.request, { body });
        sayDryRun(desk, options);
        if (!options.dryRun) await writeNew(out, made.csrPem);
        desk.show(made, ({ id }) =>
          details([
            ['request', id],
            ['written to', out],
            ['next', nextOf(made, out)],
          ]),
        );
      }),
    );
  example(
    csr,
    'root csr --kind server-ca --out server-ca.csr',
    'root csr --kind agent-ca --tenant acme --out acme.csr',
  );

  const sign = withPassphrase(root.command('sign'))
    .description('sign a request with an offline root; needs no server. Names in the request are ignored')
    .argument('<request.csr>')
    .addOption(caOption())
    .option('--tenant <name>', 'whose agents; for an agent CA')
    .requiredOption('--root <directory>', 'where `init` or `root export` wrote the root')
    .requiredOption('--out <file>', 'a new file for the certificate')
    .option('--lifetime <time>', 'how long the CA lives', '730d')
    .option('--trust-domain <name>', "in the host of every agent's name", TRUST_DOMAIN)
    .action(async (request: string, options: SignOptions, command: Command) => {
      const { kind, tenant = null, trustDomain } = options;
      const files = await rootIn(options.root, kind === 'server-ca' ? 'server' : 'agent');
      const signed = await signAuthority({
        ...{
          root: files,
          passphrase: await passphraseFrom(around, options.passphraseFile),
          csr: await readPem(request),
        },
        ...{ kind: caKind(kind), tenant, trustDomain, now: around.now(), lifetimeDays: days(options.lifetime) },
      });
      if (!signed.ok) throw new CliError(signed.code, `${request} is not signed: ${signed.message}`);
      await writeNew(options.out, signed.value.certificate, 0o644);
      const { keyId, notAfter } = signed.value;
      showAs(command, around, { file: options.out, keyId, notAfter: notAfter.toISOString() }, () =>
        details([
          ['written to', options.out],
          ['key id', keyId],
          ['ends', notAfter.toISOString()],
          ['next', `casare-certs root import ${options.out}`],
        ]),
      );
    });
  example(
    sign,
    'root sign server-ca.csr --kind server-ca --root /media/safe/casare --out server-ca.pem < passphrase.txt',
  );

  const imported = changing(root.command('import'))
    .description('take a certificate that an offline root signed; the CA stands by for a rotation')
    .argument('<ca.pem>')
    .option('--request <id>', 'whose answer it is (default: the request for its key)')
    .action((file: string, options: ChangeOptions & { request?: string }, command: Command) =>
      atDesk(command, around, async (desk) => {
        const certificatePem = await readPem(file);
        const id =
          options.request ?? requestFor(certificatePem, file, (await desk.client.call(api.authorities.list)).items);
        const body = { certificatePem, ...changeOf(options) };
        const made = await desk.client.call(api.authorities.import, { params: { id }, body });
        sayDryRun(desk, options);
        const start = `casare-certs rotate start --kind ${made.kind.replace('_', '-')} --authority ${made.id}`;
        const next = made.state === 'standby' ? start : 'casare-certs status';
        desk.show(made, ({ state, keyId }) =>
          details([
            ['CA', made.id],
            ['state', state],
            ['key id', keyId],
            ['next', next],
          ]),
        );
      }),
    );
  example(imported, 'root import server-ca.pem');
}

interface SignOptions extends PassphraseOption {
  readonly kind: CaName;
  readonly tenant?: string;
  readonly root: string;
  readonly out: string;
  readonly lifetime: string;
  readonly trustDomain: string;
}

function caKind(name: CaName): 'server_ca' | 'agent_ca' {
  return name === 'server-ca' ? 'server_ca' : 'agent_ca';
}

function nextOf({ kind, tenant }: AuthorityRequest, file: string): string {
  const whose = tenant === null ? '' : ` --tenant ${tenant}`;
  return `at the safe: casare-certs root sign ${file} --kind ${kind.replace('_', '-')}${whose} --root <directory> --out ca.pem`;
}

async function rootIn(directory: string, kind: RootKind) {
  const files = await readRootFiles(directory, kind);
  if (!files.ok) throw new CliError(files.code, `${files.message}: name the directory of \`init\` or \`root export\``);
  return files.value;
}

/** The request for the certificate's key. */
function requestFor(pem: string, file: string, waiting: readonly AuthorityRequest[]): string {
  const contents = readCertificate(certificatesInPem(pem)[0] ?? new Uint8Array());
  if (!contents.ok)
    throw new CliError(contents.code, `${file}: ${contents.message}: give the certificate of \`root sign\``);
  const wanted = keyIdOf(contents.value.publicKey);
  const found = waiting.find(({ csrPem }) => {
    const request = readRequest(requestInPem(csrPem));
    return request.ok && keyIdOf(request.value.publicKey) === wanted;
  });
  if (found !== undefined) return found.id;
  const message = `No request waits for the key of ${file}: it was imported already, or made for another installation`;
  throw new CliError('AUTHORITY_REQUEST_NOT_FOUND', message, EXIT.notFound);
}

function taken(directory: string) {
  return (error: unknown): never => {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw usage(`${directory} holds such a root already: choose another directory`);
  };
}
