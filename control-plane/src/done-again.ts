/**
 * What people took away after a backup is taken away again, before anybody is let in: locks, keys, accounts. The record has
 * forgotten it; an exported audit log that goes on from the record's own chain has not (docs/adr/0044).
 *
 * Invariants: an export is believed only as far as its chain leads on from the hash at which the record's own ends; nothing is
 * given back by it, it only takes; by the services that people's requests go through, so it is judged and audited as theirs.
 */
import { CHAIN_START, createLocalSigner, createRateLimit, follow, SIGNATURES, type ChainHead } from '@casare/certs';
import { AuditEntry, AuditEvent } from '@casare/shared/api';
import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { userInfo } from 'node:os';
import { createInterface } from 'node:readline';
import { AccountsService } from './accounts/index.ts';
import { findAuditHead } from './audit/index.ts';
import { nothingDone, tellDone, type DoneSince, type LockToMake } from './backup/index.ts';
import { agentStates } from './fleet/index.ts';
import { openStore } from './local-store.ts';
import { systemClock } from './platform/clock.ts';
import type { Config } from './platform/config.ts';
import type { Database } from './platform/database/index.ts';
import { Fault } from './platform/errors.ts';
import type { Caller } from './platform/http/caller.ts';
import { createIds } from './platform/ids.ts';
import { createLog } from './platform/log.ts';
import { isRefusal } from './platform/refusal.ts';
import { createTrust, findOperator, INSTALLATION, TRUST_DOMAIN, type Trust } from './trust/index.ts';

/** What was done again, and what was not: `what` is such as `agent 0198…`. */
interface DoneAgain {
  readonly locks: number;
  readonly keys: number;
  readonly accounts: number;
  readonly refused: readonly { readonly what: string; readonly code: string }[];
  /** Entries of what else happened, by action: people look at them. */
  readonly others: Readonly<Record<string, number>>;
}

const NOBODY = '00000000-0000-0000-0000-000000000000';
const REASON_MOST = 500;
const TTL_MOST = 31_536_000;

/** @throws Fault, one line each: AUDIT_OTHER, AUDIT_GAP, AUDIT_BROKEN, AUDIT_MALFORMED, FILE_UNREADABLE, DATABASE_* */
export async function doAgain(config: Config, files: readonly string[]): Promise<DoneAgain> {
  await using opened = new AsyncDisposableStack();
  const log = createLog({ level: 'error', name: 'restore' });
  const db = await openStore(config, log, opened);
  const clock = systemClock;
  const [now, ids] = [() => clock.now(), createIds(clock)];
  // Locks sign nothing: no key of the installation is needed.
  const signer = createLocalSigner({
    ...{ masterKey: randomBytes(32), trustDomain: TRUST_DOMAIN, gatewayHosts: [], now },
    rateLimit: createRateLimit({ ...SIGNATURES, now }),
  });
  const trust = createTrust({ db, clock, ids, log, signer, hosts: [], agents: agentStates(clock) });
  const accounts = new AccountsService(db, clock, () => Promise.reject(new Error('nothing is sealed here')));
  const again = { locks: 0, keys: 0, accounts: 0, refused: [] as { what: string; code: string }[], others: {} };
  for (const file of files) await takeAway(file);
  return again;

  async function takeAway(file: string): Promise<void> {
    const { tenant, done } = await doneSince(db, file);
    const by = callerOf(tenant === INSTALLATION ? ((await findOperator(db)) ?? INSTALLATION) : tenant);
    const noted = (what: string, outcome: unknown): boolean => {
      if (!isRefusal(outcome)) return true;
      again.refused.push({ what, code: outcome.code });
      return false;
    };
    for (const lock of done.locks.values()) {
      const made = await makeLock(trust, by, lock);
      if (made !== null && noted(`${lock.kind} ${lock.target}`, made)) again.locks += 1;
    }
    for (const id of done.keys) if (noted(`key ${id}`, await accounts.keys.revoke(by, id))) again.keys += 1;
    for (const id of done.accounts) {
      if (noted(`account ${id}`, await accounts.people.act(by, id, 'disable'))) again.accounts += 1;
    }
    const others: Record<string, number> = again.others;
    for (const [action, times] of done.others) others[action] = (others[action] ?? 0) + times;
  }
}

/** Null when it is over, or holds already. */
async function makeLock(trust: Trust, by: Caller, lock: LockToMake): Promise<unknown> {
  const { kind, target, reason, expiresAt } = lock;
  const left = expiresAt === null ? null : Math.ceil((Date.parse(expiresAt) - systemClock.now().getTime()) / 1_000);
  if (left !== null && left <= 0) return null;
  const held = await trust.locks.list(by.tenant, { limit: 10_000, held: 'true' });
  if (!isRefusal(held) && held.items.some((one) => one.kind === kind && one.target === target)) return null;
  const ttl = left === null ? {} : { ttlSeconds: Math.min(left, TTL_MOST) };
  const why = `done again after a restore: ${reason}`.slice(0, REASON_MOST);
  return trust.locks.create(by, { kind, target, reason: why, dryRun: false, ...ttl });
}

/** What the log in `file` says beyond the end of the record's own. */
async function doneSince(db: Database, file: string): Promise<{ tenant: string; done: DoneSince }> {
  const done = nothingDone();
  let tenant: string | null = null;
  let ends: ChainHead = CHAIN_START;
  let head: ChainHead | null = null;
  for await (const entry of entriesIn(file)) {
    if (tenant === null) {
      tenant = entry.tenant;
      ends = await findAuditHead(db, tenant);
      head = entry.position === ends.position + 1 ? ends : CHAIN_START;
    }
    const next = follow(head!, entry);
    if (!next.ok || entry.tenant !== tenant) throw notWhole(file, next.ok ? 'it is of several logs' : next.message);
    head = next.value;
    if (head.position === ends.position && head.hash !== ends.hash) throw other(file);
    if (head.position > ends.position) tellDone(done, entry);
  }
  if (tenant === null || head === null || head.position < ends.position) throw other(file);
  return { tenant, done };
}

async function* entriesIn(file: string): AsyncGenerator<AuditEntry> {
  const input = createReadStream(file, 'utf8');
  try {
    await new Promise((resolve, reject) => input.once('open', resolve).once('error', reject));
  } catch (cause) {
    throw new Fault({ code: 'FILE_UNREADABLE', what: `${file} cannot be read`, fix: 'Check the path', cause });
  }
  let number = 0;
  for await (const line of createInterface({ input, crlfDelay: Infinity })) {
    number += 1;
    const value = parsed(line);
    const event = AuditEvent.safeParse(value);
    const entry = event.success ? event.data.data : AuditEntry.safeParse(value).data;
    if (entry === undefined) throw notWhole(file, `line ${number} is no entry of an audit log`);
    yield entry;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function callerOf(tenant: string): Caller {
  const actor = `local:${userInfo().username}`;
  return {
    ...{ tenant, actor, accountId: NOBODY, email: null, role: 'owner', scopes: null, platform: true },
    ...{ via: 'apiKey', credential: actor, csrfToken: null },
  };
}

function notWhole(file: string, why: string): Fault {
  return new Fault({
    code: 'AUDIT_BROKEN',
    what: `${file} is not believed`,
    why,
    fix: 'Give what `casare-certs audit export` wrote, as it was',
  });
}

function other(file: string): Fault {
  return new Fault({
    code: 'AUDIT_OTHER',
    what: `${file} is not believed`,
    why: 'its chain does not lead on from where the restored log ends',
    fix: 'Give a newer export of the same log, from its first entry on',
  });
}
