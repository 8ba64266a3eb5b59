/**
 * Break-glass: trust on the server's own store, for a person on the server itself, without a listener, an API key or a
 * running control plane. The same services answer the same calls through the same web edge, by connections that exist only
 * inside this process; so permissions, parsing, refusals and audit are those of REST.
 *
 * Who may do this is said by the files: the database's address or password, and `master.key`. What is done is audited as
 * `local:<user of the system>`. A running control plane goes on; its gateways hear of changes as of any other.
 */
import {
  createLocalSigner,
  createRateLimit,
  openMasterKey,
  SIGNATURES,
  type RootFiles,
  type Signer,
} from '@casare/certs';
import type { LocalDesk, LocalOpening } from '@casare/certs/cli';
import { ApiError, createClient } from '@casare/shared/client';
import { DiscoveryModule } from '@nestjs/core';
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import path from 'node:path';
import { auditModule, AuditService } from './audit/index.ts';
import { agentStates } from './fleet/index.ts';
import { expectOwnStore, openStore } from './local-store.ts';
import { systemClock } from './platform/clock.ts';
import { serverConfig } from './platform/config-file.ts';
import type { Database } from './platform/database/index.ts';
import { Fault } from './platform/errors.ts';
import { AUTHENTICATOR, type Authenticator, type Caller } from './platform/http/caller.ts';
import { fetchFrom } from './platform/http/in-process.ts';
import { requestListenerFor } from './platform/http/listeners.ts';
import { problemOf } from './platform/http/problem.ts';
import { createHttpApp } from './platform/http/server.ts';
import { prepareHome } from './platform/home.ts';
import { createIds } from './platform/ids.ts';
import { createLog, type RootLog } from './platform/log.ts';
import { Metrics } from './platform/metrics.ts';
import { isRefusal, type Refusal } from './platform/refusal.ts';
import { createTrust, findOperator, INSTALLATION, TRUST_DOMAIN, trustModule, type Trust } from './trust/index.ts';

const NOBODY = '00000000-0000-0000-0000-000000000000';

/**
 * Opens the store that the environment names; makes an embedded one only for a command that `begins` an installation.
 * @throws Fault, one line each: CONFIG_*, DATABASE_*, MASTER_KEY_*, LOCAL_KEY_ELSEWHERE, LOCAL_STORE_ELSEWHERE
 */
export async function openLocalAccess(
  env: Readonly<Record<string, string | undefined>>,
  { begins }: LocalOpening = { begins: false },
): Promise<LocalDesk> {
  const config = serverConfig(env).config;
  const log = createLog({ level: env['CASARE_LOG_LEVEL'] === undefined ? 'error' : config.logLevel, name: 'local' });
  if (config.signerSocket !== null) throw keyElsewhere(`the signer at ${config.signerSocket} holds it`);
  expectOwnStore(config, begins);
  await prepareHome(config.home);
  await using opened = new AsyncDisposableStack();
  const db = await openStore(config, log, opened);
  await expectOwnKey(config.home, db);
  const key = await openMasterKey(config.home);
  if (!key.ok) throw new Fault({ code: key.code, what: 'The master key cannot be opened', why: key.message });
  const signer = signerOn(key.value);
  const trust = trustOn(db, signer, log);
  await trust.views.refresh();
  const actor = `local:${userInfo().username}`;
  const tenant = (await findOperator(db)) ?? INSTALLATION;
  const caller: Caller = {
    ...{ tenant, actor, accountId: NOBODY, email: null, role: 'owner', scopes: null },
    ...{ via: 'apiKey', credential: actor, csrfToken: null },
  };
  const authenticator: Authenticator = {
    authenticate: () => Promise.resolve(caller),
    stillIn: () => Promise.resolve(new Map([[actor, caller]])),
  };
  const app = await createHttpApp(
    {
      module: class LocalModule {},
      imports: [
        DiscoveryModule,
        {
          module: class LocalCaller {},
          providers: [{ provide: AUTHENTICATOR, useValue: authenticator }],
        },
        auditModule(new AuditService({ db, log, sign: (of) => signer.signCheckpoint(of) })),
        trustModule(trust),
      ],
    },
    { log, metrics: new Metrics(), checks: [], https: false, consoleFiles: '/nonexistent' },
  );
  opened.defer(() => app.close());
  const client = createClient({ url: 'http://localhost', fetch: fetchFrom(requestListenerFor(app, 'web')) });
  const closing = opened.move();
  return { client, roots: rootsOf(trust, actor, key.value), close: () => closing.disposeAsync() };
}

/** A key that is missing is made, which only an installation that has none yet may come to. */
async function expectOwnKey(home: string, db: Database): Promise<void> {
  const file = path.join(home, 'master.key');
  if (existsSync(file)) return;
  if ((await findOperator(db)) !== null) throw keyElsewhere(`this installation has one, and ${file} is not there`);
  const { uid } = await stat(home);
  if (process.getuid !== undefined && uid !== process.getuid()) {
    throw keyElsewhere(`${home} belongs to the user ${uid}, who could not read one that is made there now`);
  }
}

function keyElsewhere(why: string): Fault {
  return new Fault({
    code: 'LOCAL_KEY_ELSEWHERE',
    what: 'The master key of this installation is not here, and a second one must not be made',
    why,
    fix: "Run it as the user who has the key (the signer's, if it has one), with CASARE_HOME set to the folder of master.key, with CASARE_DATABASE_URL and without CASARE_SIGNER_SOCKET; with the package for Linux, run it as root",
  });
}

/** It signs CAs and checkpoints; gateways are certified by their own signers. */
function signerOn(masterKey: Uint8Array): Signer {
  const now = () => systemClock.now();
  const rateLimit = createRateLimit({ ...SIGNATURES, now });
  return createLocalSigner({ masterKey, trustDomain: TRUST_DOMAIN, gatewayHosts: [], rateLimit, now });
}

/** Never started: no loop runs, nothing is presented, no missing CA is made. */
function trustOn(db: Database, signer: Signer, log: RootLog): Trust {
  const clock = systemClock;
  return createTrust({ db, clock, ids: createIds(clock), log, signer, hosts: [], agents: agentStates(clock) });
}

function rootsOf({ rootKeys }: Trust, actor: string, masterKey: Uint8Array): LocalDesk['roots'] {
  return {
    exportRoot: async (kind, passphrase) =>
      granted(await rootKeys.exportRoot(actor, { kind }, { masterKey, passphrase })),
    takeOffline: async (kind, how: { files: RootFiles; passphrase: string }) =>
      granted(await rootKeys.takeOffline(actor, { kind }, how)),
    importRoot: async (kind, how) => granted(await rootKeys.importRoot(actor, kind, how)),
  };
}

/** A refusal as the client throws it, so that commands end alike. */
function granted<T>(outcome: T | Refusal): T {
  if (isRefusal(outcome)) throw new ApiError(problemOf(outcome));
  return outcome;
}
