/**
 * The two logins that the control plane works with, beside the owner's, who makes the tables: `casare_app` for requests of
 * tenants and `casare_system` for the installation's own work. Rights and policies belong to these two roles, which nobody
 * can log in as; each home makes a login in either, with a random name and password, kept in `<home>/database-logins.json`
 * (0600). Homes that share a server never touch each other's. Where the owner may make no roles, an administrator makes two
 * logins and they are given by their addresses (docs/guides/database.md).
 *
 * Invariants: the file is written before the logins are made, so that a crash in between leaves what the next start makes
 * true; passwords leave this process as SCRAM verifiers only; a login that could see past row-level security is refused.
 */
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import path from 'node:path';
import { escapeIdentifier, escapeLiteral } from 'pg';
import { z } from 'zod';
import { Fault } from '../errors.ts';
import { readPrivateFile, writePrivateFile } from '../home.ts';
import { ask, describeUrl, withLogin } from './connection.ts';
import { failureCode } from './failure.ts';
import type { Database, Transaction } from './pool.ts';
import { sql } from './statement.ts';

/** Addresses of the database, one for each login. */
export interface Logins {
  readonly app: string;
  readonly system: string;
}

const KINDS = ['app', 'system'] as const;
type Kind = (typeof KINDS)[number];
const VARIABLE = { app: 'CASARE_DATABASE_APP_URL', system: 'CASARE_DATABASE_SYSTEM_URL' } as const;

const loginSchema = z.strictObject({
  user: z.string().regex(/^casare_(app|system)_[0-9a-f]{8}$/),
  password: z.string().min(20).max(100),
});
const fileSchema = z.strictObject({ version: z.literal(1), app: loginSchema, system: loginSchema });
type LoginsFile = z.infer<typeof fileSchema>;

/** Homes that start at once take turns; so do replicas, which share one. */
const LOCK = 4_229_113_002;
const takeLock = sql<unknown, [key: number]>('loginsLock', 'SELECT pg_advisory_xact_lock($1)');
const standing = sql<{ able: boolean; roles: number }, []>(
  'loginsStanding',
  `SELECT rolsuper OR rolcreaterole AS able,
     (SELECT count(*)::int FROM pg_roles WHERE rolname IN ('casare_app', 'casare_system')) AS roles
   FROM pg_roles WHERE rolname = current_user`,
);
const knownLogins = sql<{ name: string }, [names: string[]]>(
  'loginsKnown',
  'SELECT rolname AS name FROM pg_roles WHERE rolname = ANY($1)',
);
const whoIs = sql<{ login: string; member: boolean; both: boolean; above: boolean }, [role: string, other: string]>(
  'loginsWhoIs',
  `SELECT r.rolname AS login, pg_has_role($1, 'USAGE') AS member, pg_has_role($2, 'USAGE') AS both,
     r.rolsuper OR r.rolbypassrls
       OR EXISTS (SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace AND pg_has_role(relowner, 'MEMBER')) AS above
   FROM pg_roles r WHERE r.rolname = current_user`,
);

/** Before the migrations, which make the two roles. @throws Fault DATABASE_ROLES_MISSING */
export async function expectRoles(owner: Database): Promise<void> {
  const [found] = await owner.query(standing());
  if (found!.roles === 2 || found!.able) return;
  throw new Fault({
    code: 'DATABASE_ROLES_MISSING',
    what: `The database at ${describeUrl(owner.url)} has no roles casare_app and casare_system`,
    why: 'the login of CASARE_DATABASE_URL may not make them',
    fix: 'Have an administrator make them and a login in either, and give these as CASARE_DATABASE_APP_URL and CASARE_DATABASE_SYSTEM_URL (docs/guides/database.md)',
  });
}

/**
 * The logins, after the migrations: those that are given, or this home's own.
 * @throws Fault DATABASE_LOGIN_UNFIT, DATABASE_LOGINS_MISSING, DATABASE_LOGINS_BROKEN
 */
export async function openLogins(
  owner: Database,
  options: { readonly home: string; readonly appUrl: string | null; readonly systemUrl: string | null },
): Promise<Logins> {
  const { home, appUrl, systemUrl } = options;
  const own = appUrl === null || systemUrl === null ? await ownLogins(owner, home) : null;
  const logins = { app: appUrl ?? own!.app, system: systemUrl ?? own!.system };
  for (const kind of KINDS) await expectFit(kind, logins[kind]);
  return logins;
}

async function ownLogins(owner: Database, home: string): Promise<Logins> {
  const file = path.join(home, 'database-logins.json');
  const kept = await owner.transaction(async (tx) => {
    await tx.query(takeLock(LOCK));
    const found = await readLogins(file);
    const logins = found ?? newLogins();
    const known = new Set(
      (await tx.query(knownLogins(KINDS.map((kind) => logins[kind].user)))).map(({ name }) => name),
    );
    const missing = KINDS.filter((kind) => !known.has(logins[kind].user));
    if (missing.length === 0) return logins;
    const [me] = await tx.query(standing());
    if (!me!.able) throw notAble(owner.url);
    if (found === null) await writePrivateFile(file, `${JSON.stringify(logins, null, 2)}\n`);
    for (const kind of missing) await makeLogin(tx, kind, logins[kind]);
    return logins;
  });
  const urlOf = ({ user, password }: LoginsFile['app']): string => withLogin(owner.url, user, password);
  return { app: urlOf(kept.app), system: urlOf(kept.system) };
}

async function readLogins(file: string): Promise<LoginsFile | null> {
  const content = await readPrivateFile(file);
  if (content === null) return null;
  try {
    return fileSchema.parse(JSON.parse(content.toString('utf8')));
  } catch (cause) {
    throw new Fault({
      code: 'DATABASE_LOGINS_BROKEN',
      what: `${file} cannot be read`,
      why: 'it is not what Casare wrote',
      fix: 'Restore it, or delete it: the next start makes new logins',
      cause,
    });
  }
}

function newLogins(): LoginsFile {
  const mark = randomBytes(4).toString('hex');
  const login = (kind: Kind) => ({ user: `casare_${kind}_${mark}`, password: randomBytes(32).toString('base64url') });
  return { version: 1, app: login('app'), system: login('system') };
}

async function makeLogin(tx: Transaction, kind: Kind, { user, password }: LoginsFile['app']): Promise<void> {
  const name = escapeIdentifier(user);
  await tx.script(
    `CREATE ROLE ${name} LOGIN PASSWORD ${escapeLiteral(scramVerifier(password))}; GRANT casare_${kind} TO ${name}`,
  );
}

/** What the server keeps of a password (RFC 5803), so that its log never sees the password itself. */
function scramVerifier(password: string): string {
  const [salt, rounds] = [randomBytes(16), 4096];
  const salted = pbkdf2Sync(password, salt, rounds, 32, 'sha256');
  const keyed = (text: string): Buffer => createHmac('sha256', salted).update(text).digest();
  const stored = createHash('sha256').update(keyed('Client Key')).digest('base64');
  return `SCRAM-SHA-256$${rounds}:${salt.toString('base64')}$${stored}:${keyed('Server Key').toString('base64')}`;
}

/** What is used must be in its role, not in the other one, and under row-level security. */
async function expectFit(kind: Kind, url: string): Promise<void> {
  const other = kind === 'app' ? 'casare_system' : 'casare_app';
  const unfit = (why: string, cause?: unknown): Fault =>
    new Fault({
      code: 'DATABASE_LOGIN_UNFIT',
      what: `The ${kind} login of the database at ${describeUrl(url)} cannot be used`,
      why,
      fix: `Correct ${VARIABLE[kind]} (docs/guides/database.md), or unset it and delete database-logins.json in CASARE_HOME`,
      cause,
    });
  const [found] = await ask(url, whoIs(`casare_${kind}`, other)).catch((error: unknown) => {
    throw failureCode(error)?.startsWith('28') === true ? unfit((error as Error).message, error) : error;
  });
  if (!found!.member) throw unfit(`${found!.login} is not in the role casare_${kind}`);
  if (found!.both) throw unfit(`${found!.login} is in the role ${other} too`);
  if (found!.above) throw unfit(`${found!.login} is a superuser, may bypass row-level security, or owns the tables`);
}

function notAble(url: string): Fault {
  return new Fault({
    code: 'DATABASE_LOGINS_MISSING',
    what: `The database at ${describeUrl(url)} has no logins for Casare to work with`,
    why: 'the login of CASARE_DATABASE_URL may not make them',
    fix: 'Have an administrator make two, and give them as CASARE_DATABASE_APP_URL and CASARE_DATABASE_SYSTEM_URL (docs/guides/database.md)',
  });
}
