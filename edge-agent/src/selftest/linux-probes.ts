/** Probes of an installation by the Debian package. */
import { existsSync } from 'node:fs';
import { ask, failed, passed, type Probe, skipped } from './probe.ts';

const UNIT = 'casare-agent.service';
const WORKER = 'casare-worker';
/** Properties of the unit, and what they must be. */
const HARDENED: Readonly<Record<string, RegExp>> = {
  NoNewPrivileges: /^yes$/,
  ProtectSystem: /^(strict|full)$/,
  ProtectHome: /^(yes|read-only|tmpfs)$/,
};

export const LINUX_PROBES = {
  'unit.active': async () => {
    const found = await properties('LoadState', 'ActiveState', 'User');
    if (found === null) return skipped('there is no systemd, or it has no such unit');
    const text = `${found['ActiveState']}, as ${found['User']}`;
    return found['ActiveState'] === 'active' && found['User'] === 'casare-agent' ? passed(text) : failed(text);
  },
  'unit.hardened': async () => {
    const found = await properties('LoadState', ...Object.keys(HARDENED));
    if (found === null) return skipped('there is no systemd, or it has no such unit');
    const wrong = Object.entries(HARDENED).filter(([name, wanted]) => !wanted.test(found[name] ?? ''));
    if (wrong.length === 0) return passed(Object.keys(HARDENED).join(', '));
    return failed(wrong.map(([name]) => `${name}=${found[name] ?? ''}`).join(', '));
  },
  'workers.apart': async ({ home }) => {
    if (process.getuid?.() !== 0) return skipped('needs root');
    if ((await ask('id', '-u', WORKER)) === null) return skipped(`there is no user ${WORKER}`);
    const files = [home.credential, home.outbox, home.sealingKey].filter((file) => existsSync(file));
    if (files.length === 0) return skipped('the home holds no identity');
    const read = await Promise.all(
      files.map((file) => ask('setpriv', '--reuid', WORKER, '--clear-groups', 'head', '-c', '1', file)),
    );
    const open = read.filter((answer) => answer !== null).length;
    return open === 0 ? passed(`${files.length} files cannot be read`) : failed(`${open} files can be read`);
  },
} as const satisfies Readonly<Record<string, Probe>>;

/** Null without systemd or without the unit. */
async function properties(...names: string[]): Promise<Record<string, string> | null> {
  const answer = await ask('systemctl', 'show', UNIT, ...names.map((name) => `--property=${name}`));
  const found = Object.fromEntries((answer ?? '').split('\n').map((line) => splitAt(line)));
  return found['LoadState'] === 'loaded' ? found : null;
}

function splitAt(line: string): [string, string] {
  const at = line.indexOf('=');
  return [line.slice(0, at), line.slice(at + 1)];
}
