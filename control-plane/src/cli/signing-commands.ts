/** `casare workflow keygen | sign | verify`: signatures of workflows, made and judged without a server. */
import { generateKeyPairSync } from 'node:crypto';
import { openSync, writeSync, closeSync } from 'node:fs';
import {
  readSigningKey,
  readVerifyKey,
  signWorkflow,
  subjectsOf,
  type VerifyKey,
  verifyWorkflow,
  workflowDigest,
} from '@casare/certs';
import { SignatureEnvelope } from '@casare/shared/protocol';
import { details, json, plain } from '@casare/shared/terminal';
import {
  embedSubWorkflows,
  MAX_WORKFLOWS,
  normalise,
  parseWorkflow,
  subWorkflowUses,
  type Workflow,
} from '@casare/shared/workflow';
import type { Command } from 'commander';
import { Fault } from '../platform/errors.ts';
import { UsageError } from './exit.ts';
import { readText } from './inputs.ts';
import type { Surroundings } from './session.ts';

interface SignFlags {
  key: string;
  out?: string;
  with: string[];
}
interface VerifyFlags {
  key: string[];
  signature: string;
  with: string[];
}

/** Opens an encrypted private key. */
const PASSPHRASE = 'CASARE_KEY_PASSPHRASE';
const collect = (value: string, all: string[]): string[] => [...all, value];
const WITH = [
  '--with <file>',
  'a sub-workflow that it runs, directly or through others; may be given several times',
] as const;

export function addSigningCommands(workflow: Command, around: Surroundings): void {
  workflow
    .command('keygen')
    .description(`make an Ed25519 key that signs workflows; ${PASSPHRASE} encrypts it`)
    .requiredOption('--out <file>', 'a new file for the private key; the public one is put beside it as <file>.pub')
    .action(({ out }: { out: string }, command: Command) => keygen(out, command, around));
  workflow
    .command('sign <file>')
    .description('sign a workflow with all that it runs')
    .requiredOption('--key <file>', `private key, PEM, Ed25519 or P-256; ${PASSPHRASE} opens an encrypted one`)
    .option('--out <file>', 'where to put the signature (default: <file>.sig)')
    .option(...WITH, collect, [])
    .action((file: string, flags: SignFlags, command: Command) => sign(file, flags, command, around));
  workflow
    .command('verify <file>')
    .description('check the signature of a workflow; exit 1 when it does not hold')
    .requiredOption('--key <file>', 'a public key, PEM; may be given several times', collect, [])
    .requiredOption('--signature <file>', 'what `workflow sign` wrote')
    .option(...WITH, collect, [])
    .action((file: string, flags: VerifyFlags, command: Command) => verify(file, flags, command, around));
}

/** Reads what `workflow sign` wrote. @throws UsageError when it cannot be read, Fault SIGNATURE_MALFORMED */
export async function readSignature(file: string): Promise<SignatureEnvelope> {
  const parsed = SignatureEnvelope.safeParse(jsonOf(await readText(file)));
  if (parsed.success) return parsed.data;
  throw malformed(file);
}

function keygen(out: string, command: Command, around: Surroundings): void {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  // An empty one encrypts nothing.
  const passphrase = around.env[PASSPHRASE] || undefined;
  const sealing = passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase };
  const pem = publicKey.export({ format: 'pem', type: 'spki' }).toString();
  writeNew(out, privateKey.export({ format: 'pem', type: 'pkcs8', ...sealing }).toString(), 0o600);
  writeNew(`${out}.pub`, pem, 0o644);
  const key = readVerifyKey(pem);
  const fingerprint = key.ok ? key.value.fingerprint : '';
  show(command, around, { privateKey: out, publicKey: `${out}.pub`, fingerprint, encrypted: passphrase !== undefined });
}

async function sign(file: string, flags: SignFlags, command: Command, around: Surroundings): Promise<void> {
  const document = await readWhole(file, flags.with);
  const key = readSigningKey(await readText(flags.key), around.env[PASSPHRASE]);
  if (!key.ok) throw refusedKey(flags.key, key.message);
  const envelope = signWorkflow(document, key.value);
  const out = flags.out ?? `${file}.sig`;
  writeAnew(out, `${JSON.stringify(envelope)}\n`);
  const covered = subjectsOf(envelope);
  const names = covered.ok ? covered.value.map(({ name }) => name) : [];
  show(command, around, {
    signature: out,
    key: key.value.fingerprint,
    digest: workflowDigest(document),
    covers: names,
  });
}

async function verify(file: string, flags: VerifyFlags, command: Command, around: Surroundings): Promise<void> {
  const envelope = await readSignature(flags.signature);
  const trusted: VerifyKey[] = [];
  for (const name of flags.key) {
    const key = readVerifyKey(await readText(name));
    if (!key.ok) throw refusedKey(name, key.message);
    trusted.push(key.value);
  }
  const document = await readWhole(file, flags.with);
  const verdict = verifyWorkflow(envelope, document, { trusted, revoked: [] });
  if (!verdict.ok) {
    const what = 'The signature does not hold';
    throw new Fault({
      code: verdict.code,
      what,
      why: verdict.message,
      fix: 'Look at who changed what before you run it',
    });
  }
  const covered = subjectsOf(envelope);
  const names = covered.ok ? covered.value.map(({ name }) => name) : [];
  show(command, around, { holds: true, key: verdict.value, digest: workflowDigest(document), covers: names });
}

/** The document of a file as the server saves it: normalised, with the documents of its sub-workflows in it. */
async function readWhole(file: string, others: readonly string[]): Promise<Workflow> {
  const own = new Map<string, Workflow>();
  for (const other of others) {
    const document = await readDocument(other);
    const { namespace, name, version } = document.document;
    own.set(`${namespace}/${name}@${version}`, document);
  }
  return embedded(await readDocument(file), file, own, 0);
}

function embedded(document: Workflow, file: string, own: ReadonlyMap<string, Workflow>, depth: number): Workflow {
  if (depth > MAX_WORKFLOWS) throw new UsageError(`${file}: its sub-workflows run each other.`);
  const saved = new Map<string, Workflow>();
  for (const { reference } of subWorkflowUses(document)) {
    const found = own.get(reference);
    if (found === undefined) {
      throw new UsageError(`${file} runs ${reference}, which is signed with it: give its file by --with.`);
    }
    if (!saved.has(reference)) saved.set(reference, embedded(found, file, own, depth + 1));
  }
  const whole = embedSubWorkflows(document, saved);
  if (whole.ok) return whole.document;
  throw new UsageError(`${file}: ${whole.findings[0]?.message ?? 'its sub-workflows do not fit together'}`);
}

async function readDocument(file: string): Promise<Workflow> {
  const parsed = parseWorkflow(await readText(file));
  if (parsed.ok) return normalise(parsed.document);
  const [first] = parsed.problems;
  throw new UsageError(`${file}, line ${first?.line}, column ${first?.column}: ${first?.message}`);
}

function show(
  command: Command,
  around: Surroundings,
  said: Readonly<Record<string, string | boolean | string[]>>,
): void {
  const asJson = command.optsWithGlobals<{ output?: string }>().output === 'json';
  const rows = Object.entries(said).map(([name, value]): [string, string] => [
    name,
    plain(Array.isArray(value) ? value.join(', ') : String(value)),
  ]);
  around.terminal.out(asJson ? json(said) : details(rows));
}

function writeNew(file: string, text: string, mode: number): void {
  write(file, text, 'wx', mode);
}

function writeAnew(file: string, text: string): void {
  write(file, text, 'w', 0o644);
}

function write(file: string, text: string, flags: string, mode: number): void {
  try {
    const handle = openSync(file, flags, mode);
    try {
      writeSync(handle, text);
    } finally {
      closeSync(handle);
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'EEXIST' ? 'is there already, and keys are not overwritten' : `cannot be written (${code})`;
    throw new UsageError(`${file} ${why}: name another file.`);
  }
}

function refusedKey(file: string, why: string): Fault {
  const fix = 'Make one with `casare workflow keygen`, or with openssl (Ed25519 or P-256)';
  return new Fault({ code: 'SIGNING_KEY_REFUSED', what: `${file} cannot be used as a key`, why, fix });
}

function malformed(file: string): Fault {
  const fix = 'Give the file that `casare workflow sign` wrote';
  return new Fault({ code: 'SIGNATURE_MALFORMED', what: `${file} is no signature of a workflow`, fix });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
