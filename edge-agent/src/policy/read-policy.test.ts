/** Finding, trusting and reading policy.yaml, on a real disk. */
import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Fault } from '../fault.ts';
import { PolicyGate, type PolicyChange } from './gate.ts';
import { parsePolicy, policyPlace, readPolicy, systemPolicy } from './read-policy.ts';

const KEY = `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----`;

let folder = '';
let file = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'casare-policy-'));
  file = join(folder, 'policy.yaml');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (text: string): void => writeFileSync(file, text, { mode: 0o600 });
function faultOf(run: () => unknown): string {
  try {
    run();
    return 'ok';
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    expect(error.message).not.toMatch(/\n/);
    return `${error.code}: ${error.message}`;
  }
}
const place = () => ({ file, required: true });

describe('what stands in it', () => {
  test('everything that a policy can say', () => {
    const text = `
steps: { allow: ['browser.*', http], forbid: [browser.upload] }
domains: { allow: ['*.example.com', '10.0.0.0/8', '[fd00::1]:8443'] }
applications: { allow: [/usr/bin/galculator, mousepad] }
files: { read: [/srv/in], write: [/srv/out] }
workflows: { allow: [billing/*] }
signed: required
keys:
  - id: release
    who: Release team
    publicKey: |
${KEY.replaceAll(/^/gm, '      ')}
revokedKeys: [old]
versions: { billing/invoices: '>=1.2.0' }
inputs: { billing/*: { type: object, properties: { amount: { maximum: 100 } } } }
browserEvaluate: allowed
upload: { screenshot: masked, trace: none, stepData: metadata }
watch: false
`;
    expect(parsePolicy(text, 'p')).toMatchObject({ signed: 'required', upload: { screenshot: 'masked' } });
    expect(parsePolicy('# nothing yet\n', 'p')).toEqual({});
    const folders = String.raw`files: { read: ['C:\Data', 'd:/in', '\\server\share\in'] }`;
    expect(parsePolicy(folders, 'p').files?.read).toHaveLength(3);
  });

  test.each([
    ['stpes: {}', 'line 1, column 1: there is no `stpes` here; did you mean `steps`?'],
    ['watch: false\nsteps:\n  allow: [browser.clcik!]', 'line 3, column 11: expected a step such as'],
    ['domains:\n  allow:\n    - http://a.example/', 'line 3, column 7: expected a host such as'],
    ['files: { read: [relative] }', 'expected an absolute path'],
    ['files: { read: [/srv/in, "C:in"] }', 'whatever folder'],
    [String.raw`files: { read: ['C:\Data\..\Windows'] }`, '`..`'],
    [String.raw`files: { read: ['\\?\C:\Data'] }`, 'devices'],
    [String.raw`files: { write: ['C:\Data\x.txt:stream'] }`, 'stream'],
    [String.raw`files: { write: ['C:\Data. '] }`, 'drops'],
    [String.raw`files: { write: ['C:\Data\CON'] }`, 'device'],
    [String.raw`files: { write: ['\\server'] }`, 'no drive'],
    ['upload: { screenshot: some }', 'line 1, column 23: expected one of'],
    ['upload: { trace: masked }', 'expected one of'],
    ['signed: required', '`signed: required` needs `keys`'],
    ['versions: { a/b: ^1.0 }', 'expected a least version'],
    ['inputs: { a/b: { type: strin } }', 'expected a JSON Schema'],
    ['keys: [{ id: a, who: b, publicKey: c }]', 'expected a public key in PEM'],
    ['steps: { allow: [a], allow: [b] }', '`allow` is there twice'],
    ['- a', 'expected an object, found a list'],
    ['steps: [', 'line 1'],
  ])('a fault is named by line and column: %s', (text, expected) => {
    expect(faultOf(() => parsePolicy(text, 'policy.yaml'))).toContain(`POLICY_INVALID: policy.yaml, line`);
    expect(faultOf(() => parsePolicy(text, 'policy.yaml'))).toContain(expected);
  });
});

describe('whom it is taken from', () => {
  test('a file that only its owner writes', () => {
    write('watch: false');
    expect(readPolicy(place())).toMatchObject({ policy: { watch: false }, file });
  });

  test.each([0o602, 0o620, 0o666])('not one that others may write: mode %o', (mode) => {
    write('watch: false');
    chmodSync(file, mode);
    expect(faultOf(() => readPolicy(place()))).toMatch(/^POLICY_UNSAFE: .*chmod go-w/);
  });

  test('not one in a folder where others may put another in its place, also behind a link', () => {
    const open = join(folder, 'open');
    mkdirSync(open);
    writeFileSync(join(open, 'policy.yaml'), '', { mode: 0o600 });
    symlinkSync(join(open, 'policy.yaml'), file);
    expect(faultOf(() => readPolicy(place()))).toBe('ok');
    chmodSync(open, 0o777);
    expect(faultOf(() => readPolicy(place()))).toMatch(/^POLICY_UNSAFE/);
    chmodSync(open, 0o1777);
    expect(faultOf(() => readPolicy(place()))).toBe('ok');
  });

  test('not one behind links that others may bend, wherever on the way they stand', () => {
    const [open, safe] = [join(folder, 'open'), join(folder, 'safe')];
    mkdirSync(open);
    mkdirSync(safe);
    writeFileSync(join(safe, 'policy.yaml'), '', { mode: 0o600 });
    // A link to a link, the first and the last of which lie where nobody else writes.
    symlinkSync(join(safe, 'policy.yaml'), join(open, 'between.yaml'));
    symlinkSync('open/between.yaml', file);
    // And a folder that is a link.
    symlinkSync('../safe', join(open, 'etc'));
    const behind = { file: join(open, 'etc', 'policy.yaml'), required: true };
    for (const [mode, expected] of [
      [0o755, /^ok$/],
      [0o777, /^POLICY_UNSAFE: .*open: chmod go-w/],
    ] as const) {
      chmodSync(open, mode);
      expect(faultOf(() => readPolicy(place()))).toMatch(expected);
      expect(faultOf(() => readPolicy(behind))).toMatch(expected);
    }
  });

  test.skipIf(process.getuid?.() !== 0)(
    'not one behind a link of another user, also where that one owns nothing else',
    () => {
      const open = join(folder, 'open');
      mkdirSync(open);
      chmodSync(open, 0o1777);
      writeFileSync(join(folder, 'real.yaml'), '', { mode: 0o600 });
      const link = { file: join(open, 'policy.yaml'), required: true };
      symlinkSync(join(folder, 'real.yaml'), link.file);
      expect(faultOf(() => readPolicy(link))).toBe('ok');
      lchownSync(link.file, 12_345, 12_345);
      expect(faultOf(() => readPolicy(link))).toMatch(/^POLICY_UNSAFE: .*belongs to uid 12345/);
    },
  );

  test.skipIf(process.getuid?.() !== 0)('not one of another user, nor of the one that jobs run as', () => {
    write('watch: false');
    chownSync(file, 12_345, 0);
    expect(faultOf(() => readPolicy(place()))).toMatch(/^POLICY_UNSAFE: .*belongs to uid 12345: give it to root/);
    expect(faultOf(() => readPolicy(place(), 12_345))).toMatch(/^POLICY_UNSAFE: .*which jobs run as/);
    chownSync(file, 0, 0);
    expect(readPolicy(place(), 12_345).exposed).toBe(false);
    expect(readPolicy(place()).exposed).toBe(true);
  });

  test('one that was named, or was there, must be there', () => {
    expect(faultOf(() => readPolicy(policyPlace(file, folder)))).toMatch(/^POLICY_MISSING/);
    const none = join(folder, 'no-system-policy.yaml');
    expect(readPolicy(policyPlace(undefined, folder, none))).toMatchObject({ file: null, digest: 'none', policy: {} });
    write('watch: false');
    expect(readPolicy(policyPlace(undefined, folder, none)).file).toBe(file);
    const system = join(folder, 'system.yaml');
    writeFileSync(system, 'watch: true', { mode: 0o600 });
    expect(readPolicy(policyPlace(undefined, folder, system)).policy.watch).toBe(true);
  });
});

describe('while the agent runs', () => {
  /** As if jobs ran as another user, so that a change is the owner's own. */
  const workersApart = 12_345;

  test('a change is taken; a fault in it stops new jobs and is told once; what was read last holds on', () => {
    write('watch: false');
    const changes: PolicyChange[] = [];
    const gate = new PolicyGate(place(), (change) => changes.push(change), workersApart);
    write('watch: true');
    expect(gate.current()).toMatchObject({ policy: { watch: true } });
    write('wtach: true');
    expect(gate.current()).toMatchObject({ code: 'POLICY_INVALID' });
    expect(gate.current()).toMatchObject({ code: 'POLICY_INVALID' });
    expect(gate.held.policy).toEqual({ watch: true });
    rmSync(file);
    expect(gate.current()).toMatchObject({ code: 'POLICY_MISSING' });
    write('watch: false');
    expect(gate.current()).toMatchObject({ policy: { watch: false } });
    expect(changes.map((change) => ('fault' in change ? change.fault.code : change.to.policy))).toEqual([
      { watch: true },
      'POLICY_INVALID',
      'POLICY_MISSING',
      { watch: false },
    ]);
  });

  test('a file that jobs themselves could have changed is not believed until the agent is started again', () => {
    write('watch: false');
    const gate = new PolicyGate(place());
    write('watch: true');
    expect(gate.current()).toMatchObject({ code: 'POLICY_CHANGED' });
    expect(gate.held.policy).toEqual({ watch: false });
    writeFileSync(join(folder, 'same'), 'watch: false', { mode: 0o600 });
    renameSync(join(folder, 'same'), file);
    expect(gate.current()).toMatchObject({ policy: { watch: false } });
  });

  test.skipIf(process.getuid?.() !== 0)('nor one that jobs put in the place of that of root', () => {
    write('watch: false');
    // As if the agent, and jobs with it, ran as another user.
    const own = vi.spyOn(process, 'getuid').mockReturnValue(12_345);
    try {
      const gate = new PolicyGate(place());
      expect(gate.held.exposed).toBe(false);
      writeFileSync(join(folder, 'mine'), 'watch: true', { mode: 0o600 });
      chownSync(join(folder, 'mine'), 12_345, 0);
      renameSync(join(folder, 'mine'), file);
      expect(gate.current()).toMatchObject({ code: 'POLICY_CHANGED' });
      expect(gate.held.policy).toEqual({ watch: false });
      // What root writes is root's.
      writeFileSync(join(folder, 'ours'), 'watch: true', { mode: 0o600 });
      renameSync(join(folder, 'ours'), file);
      expect(gate.current()).toMatchObject({ policy: { watch: true } });
    } finally {
      own.mockRestore();
    }
  });
});

test('on Windows the policy of the machine is where only administrators put files, not in the root of a drive', () => {
  expect(systemPolicy('win32', { ProgramData: String.raw`D:\Shared` })).toBe(String.raw`D:\Shared\Casare\policy.yaml`);
  expect(systemPolicy('win32', {})).toBe(String.raw`C:\ProgramData\Casare\policy.yaml`);
  expect(systemPolicy('linux', {})).toBe('/etc/casare/policy.yaml');
});
