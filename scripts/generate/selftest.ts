/** `docs/install/selftest.md`: the points that an administrator proves on a real machine, from the program's own list. */
import { POINTS, type PointKind } from '../../edge-agent/dist/selftest/points.js';

/** The document. */
export function selftestPage(): string {
  const rows = Object.entries(POINTS).map(([id, kind]: [string, PointKind]) => {
    const needs = kind.needs === undefined ? '' : `; needs ${kind.needs}`;
    return `| \`${id}\` | ${kind.on}${needs} | ${kind.proves} | ${kind.why} |`;
  });
  return [
    '# Proving an installation on a real machine\n\nGenerated from the program by `npm run generate`; do not edit.\n',
    'Our tests run the Windows agent under Wine and the Linux package in containers. What only a real machine has is listed here,',
    'and `casare-agent selftest` tries it there, each point really. Run it in the session in which desktop jobs are to run; on',
    'Windows in a prompt "as administrator", with the `--home` of the service, `%ProgramData%\\Casare\\Agent`.\n',
    '```\ncasare-agent selftest --out selftest.json\ncasare-agent selftest --only desktop.find,desktop.typing\n' +
      'casare-agent selftest --disruptive --lock --out selftest.json\n```\n',
    '`passed`: it was tried and is so. `failed`: it was tried and is not so, or broke; exit 1. `skipped`: it was not tried, and the',
    'reason stands there. Nothing is skipped silently, and what was skipped is not proved. While desktop points run an editor opens:',
    'leave mouse and keyboard alone.\n',
    'The file of `--out` is one JSON document ([schema](../../shared/src/selftest/index.ts), versioned). It has no name of a person, an account, a',
    'machine or a folder of a user: send it to whoever helps. `casare-agent selftest --read selftest.json` shows it as a table, on any machine.\n',
    '| point | where | what it proves | why we could not |\n| --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}
