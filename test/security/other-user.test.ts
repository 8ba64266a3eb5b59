/** Attack 48: jobs of an installed agent, whose workers are another user of the system. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { systemClock } from '../../edge-agent/src/clock.ts';
import { Outbox, StoredAssignment } from '../../edge-agent/src/outbox/index.ts';
import { assignment } from '../../edge-agent/src/outbox/outbox-for-tests.ts';
import { ArtifactIntake, RunFolders } from '../../edge-agent/src/runner/index.ts';
import { startTicksOf } from '../../edge-agent/src/runner/process-tree.ts';
import { attack } from './attack.ts';
import type { Attempt } from './hostile-worker.ts';
import { AGENT, asUser, identity, install, type Installed, STRANGER, twoUsersReason, WORKER } from './two-users.ts';

const HOSTILE = new URL('./hostile-worker.ts', import.meta.url);
const INTAKE = 'edge-agent/src/runner/artifact-intake.ts';
const BELONGS = 'if (!isWorkers(stats.uid)) return `it belongs to uid ${stats.uid}, which is no worker`;';
const SLOW = { timeout: 120_000 };
/** What no policy should say: the system itself must refuse. */
const OPEN = `files: { write: ['/'] }\n`;

let installed: Installed | undefined;
afterEach(async () => {
  await installed?.end();
  installed = undefined;
});

const reason = twoUsersReason();

/** Runs a job of the agent to its end and answers its last event. */
async function finished({ peer, output }: Installed, run: ReturnType<typeof assignment>): Promise<unknown> {
  await vi.waitFor(() => expect(peer.hellos.length, output()).toBeGreaterThan(0), SLOW);
  peer.send(run);
  await vi.waitFor(() => expect(peer.eventsOf(run).at(-1)?.body.type, output()).toMatch(/^run\.(?!started|log)/), SLOW);
  return peer.eventsOf(run).at(-1)?.body;
}

/** As `attack`, where two users can be had; the prover knows attacks by their whole names, so they are in no group. */
const attackByTwo: typeof attack = (number, title, protections, run) =>
  reason === null
    ? attack(number, title, protections, run)
    : test.skip(`attack ${number}: ${title} (skipped: ${reason})`, () => undefined);

attackByTwo(
  48,
  'a job reads neither the keys of its agent, its outbox, its policy nor its configuration, though its own policy opens everything',
  [
    {
      file: 'edge-agent/src/service/agent.ts',
      find: 'options.pool ?? hosted ?? this',
      replace: 'options.pool ?? this',
    },
  ],
  async () => {
    installed = await install(OPEN);
    installed.startHost();
    const { home, etc } = installed;
    const files = [home.credential, home.identity, home.outbox, etc.policy, etc.config, etc.token];
    const tried = files.map((file, index) => ({
      [`try${index}`]: {
        try: [
          {
            [`read${index}`]: {
              ...{ call: 'data.hash', with: { file } },
              export: { as: `$context | .got += ["${file}"]` },
            },
          },
        ],
        catch: { do: [{ [`refused${index}`]: { set: { refused: true } } }] },
      },
    }));
    const all = [
      { begin: { set: { a: 1 }, export: { as: '{ got: [] }' } } },
      ...tried,
      { work: { call: 'data.text.write', with: { saveAs: 'done.txt', text: 'done' } } },
      { tell: { set: { got: '${ $context.got }' } } },
    ];
    expect(await finished(installed, assignment({}, all))).toEqual({ type: 'run.completed', output: { got: [] } });
    const kept = [...installed.peer.files.values()].map(({ bytes }) => bytes.toString());
    expect(kept, 'a job that does its work has its file').toEqual(['done']);
  },
);

test.skipIf(reason !== null)(
  'a worker that was taken over touches nothing of the agent: files, processes, sockets',
  async () => {
    installed = await install(OPEN);
    const host = installed.startHost(HOSTILE);
    const { home, etc, socket, base } = installed;
    const agent = String(installed.agent.pid);
    const secret = [home.credential, home.sealingKey, home.outbox, etc.policy, etc.config, etc.token];
    const attempts: Attempt[] = [
      ...secret.flatMap((at) => (['read', 'write', 'remove', 'rename', 'link'] as const).map((how) => ({ how, at }))),
      ...[home.root, home.spool, home.runs, join(base, 'workers/runs')].map((at) => ({ how: 'list', at }) as const),
      { how: 'write', at: join(base, 'agent/policy.yaml') },
      { how: 'connect', at: home.socket },
      { how: 'kill', at: agent },
      { how: 'memory', at: agent },
      { how: 'trace', at: agent },
      { how: 'read', at: `/proc/${agent}/environ` },
      { how: 'list', at: `/proc/${agent}/fd` },
      // The place: who could put another socket there could be the agent for the next host.
      { how: 'remove', at: socket },
      { how: 'rename', at: socket },
      { how: 'listen', at: join(base, 'workers/other.sock') },
      { how: 'write', at: join(base, 'workers/key.json') },
      { how: 'remove', at: join(base, 'workers/key.json') },
      { how: 'host', at: socket },
    ];
    const ending = await finished(installed, assignment({ input: attempts as never }));
    const results = (ending as { output: string[] }).output;
    expect(results).toHaveLength(attempts.length);
    expect(results.filter((line) => !/: (EACCES|EPERM|Error: refused|WORKER_HOST_REFUSED)$/.test(line))).toEqual([]);
    expect(startTicksOf(installed.agent.pid ?? 0), 'the agent lives').not.toBeNull();
    // Another user of the machine, who is in no group: the socket, its key, and a host's own files.
    const asStranger = (script: string, at: string): string =>
      asUser(STRANGER, [STRANGER], [process.execPath, '-e', script, at]).stderr;
    const dial = `require('net').createConnection(process.argv[1]).on('connect', () => process.exit(0))`;
    expect(asStranger(dial, socket)).toContain('EACCES');
    expect(asStranger(`require('fs').readFileSync(process.argv[1])`, join(base, 'workers/key.json'))).toContain(
      'EACCES',
    );
    expect(asStranger(`require('fs').readdirSync(process.argv[1])`, join(base, 'worker-home'))).toContain('EACCES');
    expect(host.exitCode).toBeNull();
    // Nothing of it is in the place, and the next agent comes up there.
    expect(readdirSync(join(base, 'workers')).toSorted()).toEqual(['host.sock', 'key.json', 'runs']);
    installed.agent.kill('SIGKILL');
    installed.startAgent();
    await vi.waitFor(() => expect(installed?.peer.hellos, installed?.output()).toHaveLength(2), SLOW);
  },
);

test.skipIf(reason !== null)(
  'kill -9 of the agent in a run: its workers end, and the next agent finishes the run',
  async () => {
    installed = await install(OPEN);
    const host = installed.startHost();
    const { peer, agent } = installed;
    const run = assignment({}, [{ rest: { wait: { seconds: 3 } } }, { last: { set: { done: true } } }]);
    await vi.waitFor(() => expect(peer.hellos.length).toBeGreaterThan(0), SLOW);
    peer.send(run);
    await vi.waitFor(
      () => expect(peer.eventsOf(run).some(({ body }) => body.type === 'step.started')).toBe(true),
      SLOW,
    );
    // The worker of the run, and perhaps a spare one.
    const children = readFileSync(`/proc/${host.pid}/task/${host.pid}/children`, 'utf8').trim().split(' ').map(Number);
    expect(children.map(startTicksOf), installed.output()).not.toContain(null);
    agent.kill('SIGKILL');
    await vi.waitFor(() => expect(children.map(startTicksOf)).toEqual(children.map(() => null)), SLOW);
    installed.startAgent();
    await vi.waitFor(() => expect(peer.eventsOf(run).at(-1)?.body.type).toBe('run.completed'), SLOW);
    const starts = peer.eventsOf(run).flatMap(({ body }) => (body.type === 'run.started' ? [body.resumed] : []));
    expect(starts).toEqual([false, true]);
  },
);

attackByTwo(
  48,
  'a file that no worker made is not taken, whatever name it has in the folder of the run',
  [{ file: INTAKE, find: BELONGS }],
  async () => {
    const { folder, intake, key, report } = makeIntake((uid) => uid === WORKER);
    try {
      const theirs = join(folder, 'agent.key');
      writeFileSync(theirs, 'the key');
      chownSync(theirs, AGENT, AGENT);
      // As a job does where the system lets it.
      linkSync(theirs, join(folder, 'run', 'mine'));
      await expect(intake.keep(key, join(folder, 'run'), report('mine'))).rejects.toMatchObject({
        code: 'FILE_REFUSED',
      });
      writeFileSync(join(folder, 'run', 'own'), 'own');
      chownSync(join(folder, 'run', 'own'), WORKER, WORKER);
      await intake.keep(key, join(folder, 'run'), report('own'));
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

attack(
  48,
  'a job that swaps a folder of its run for a link, again and again, has nothing taken that lies outside',
  [
    {
      file: INTAKE,
      find: "return (await isOpenedAt(file, path)) ? null : 'something else was put in its place';",
      replace: 'return null;',
    },
  ],
  async () => {
    const { folder, intake, key, outbox, report } = makeIntake(() => true);
    const home = join(folder, 'home');
    for (const made of [home, join(folder, 'run', 'sub')]) mkdirSync(made);
    writeFileSync(join(home, 'a'), 'secret');
    writeFileSync(join(folder, 'run', 'sub', 'a'), 'mine');
    const swap = `
      const { renameSync, symlinkSync, unlinkSync } = require('node:fs');
      const [sub, home] = process.argv.slice(1);
      process.stdout.write('on');
      for (;;) {
        renameSync(sub, sub + '.away');
        symlinkSync(home, sub);
        unlinkSync(sub);
        renameSync(sub + '.away', sub);
      }`;
    const swapper = spawn(process.execPath, ['-e', swap, join(folder, 'run', 'sub'), home]);
    try {
      await once(swapper.stdout, 'data');
      let taken = 0;
      for (let turn = 0; turn < 4_000; turn += 1) {
        await intake.keep(key, join(folder, 'run'), report('sub/a')).then(
          () => (taken += 1),
          () => undefined,
        );
      }
      expect(taken, 'the folder itself is there now and then').toBeGreaterThan(0);
      expect(outbox.artifactsOf(key)).toMatchObject([{ bytes: 'mine'.length }]);
    } finally {
      swapper.kill('SIGKILL');
      await once(swapper, 'close');
      outbox.close();
      rmSync(folder, { recursive: true });
    }
  },
);

attackByTwo(
  48,
  'a process that outlived its run, in a folder that a killed agent left open, has the agent give nothing away through a link',
  [
    {
      file: 'edge-agent/src/shared-file.ts',
      find: '    fchmodSync(folder, 0o700);\n',
      behind: [{ file: 'edge-agent/src/shared-file.ts', find: ' | constants.O_NOFOLLOW' }],
    },
  ],
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'casare-given-'));
    chmodSync(folder, 0o755);
    const [runs, home] = [join(folder, 'runs'), join(folder, 'home')];
    mkdirSync(home, { mode: 0o700 });
    mkdirSync(runs);
    chownSync(runs, 0, WORKER);
    chmodSync(runs, 0o710);
    // The agent is this process: nobody closes the folder of the run between its starts.
    const agent = new RunFolders(runs, { empty: () => Promise.resolve() });
    const files = join(agent.make('job'), 'files');
    const swap = `
      const { rmdirSync, symlinkSync, unlinkSync } = require('node:fs');
      const [files, home] = process.argv.slice(1);
      const tried = (change) => { try { change(); return true; } catch { return false; } };
      process.stdout.write('on');
      for (;;) {
        if (tried(() => rmdirSync(files))) tried(() => symlinkSync(home, files));
        tried(() => unlinkSync(files));
      }`;
    const program = [process.execPath, '-e', swap, files, home];
    const swapper = spawn('setpriv', [...identity(WORKER, [WORKER]), ...program]);
    try {
      await once(swapper.stdout, 'data');
      const { uid, gid, mode } = statSync(home);
      let made = 0;
      for (let turn = 0; turn < 20_000; turn += 1) {
        try {
          agent.make('job');
          made += 1;
        } catch {
          // Only without what protects it: something else was there than it had made.
        }
      }
      expect(statSync(home)).toMatchObject({ uid, gid, mode });
      expect(made).toBe(20_000);
    } finally {
      swapper.kill('SIGKILL');
      await once(swapper, 'close');
      rmSync(folder, { recursive: true });
    }
  },
);

/** The agent's taking of files, with a run and its folder. */
function makeIntake(isWorkers: (uid: number) => boolean) {
  const folder = mkdtempSync(join(tmpdir(), 'casare-taken-'));
  mkdirSync(join(folder, 'run'));
  const outbox = Outbox.open({ file: join(folder, 'outbox.db') });
  const limits = { freeBytes: () => 1e12, minFreeBytes: 1, maxSpoolBytes: 1e9 };
  const intake = new ArtifactIntake({ outbox, spool: join(folder, 'spool'), clock: systemClock, isWorkers, ...limits });
  const run = assignment();
  outbox.accept(StoredAssignment.parse(run));
  const report = (name: string) =>
    ({ name, kind: 'output', mediaType: 'text/plain', path: join(folder, 'run', name) }) as const;
  return { folder, intake, outbox, key: { jobId: run.jobId, attempt: run.attempt }, report };
}
