/**
 * The agent's own code, by rolldown: one file for the program and one for each module that it starts by its URL (the
 * worker process, the threads). Every file is whole in itself.
 *
 * A module finds what it starts, and what it reads, by `import.meta.url`. So that this stays true, each module keeps the
 * URL that it has in the checkout, below the folder of the package: `edge-agent/dist/engine/expressions.js` finds
 * `edge-agent/dist/engine/jq-worker.js`, though the former lies in `casare-agent.mjs`. A URL that would lead to nothing
 * ends the build.
 */
import path from 'node:path';
import { rolldown, type Plugin } from 'rolldown';
import { BuildFault } from '../fault.ts';

/** What is made of which source; both paths from the checkout's root. */
export interface Entry {
  readonly source: string;
  readonly file: string;
}

export interface ProgramsWanted {
  readonly root: string;
  readonly out: string;
  readonly entries: readonly Entry[];
  /** Packages that are not taken into the files: they stay folders below `node_modules`. */
  readonly apart: readonly string[];
  /** What modules may find by URL besides the entries: files that the package has, or paths that need not exist. */
  readonly reachable: readonly string[];
}

const OWN = /^(shared|certs|edge-agent|control-plane)\/src\//;
/** `new URL('…', import.meta.url)`, with the extension as text or as an expression. */
const BY_URL = /new URL\(\s*['"`](\.[^'"`]+)['"`]\s*,\s*import\.meta\.url\s*\)/g;
/** What is loaded, or looked for, when it is wanted: no bundler sees it. */
const WHEN_WANTED = /createRequire\(import\.meta\.url\)(?:\.resolve)?\(\s*['"`]((?:@[^/'"`]+\/)?[^/'"`]+)/g;
/** Of CommonJS: gone in a bundle. Packages that say it in code that the agent never reaches. */
const BY_FOLDER = /\b__(dirname|filename)\b/;
const NEVER_REACHED: readonly string[] = [
  // The thread of its own that pino can write in; the agent writes from its own.
  'thread-stream',
  'pino',
];

/** Writes the files; resolves with the places in `node_modules` of all packages that went into them, sorted. */
export async function buildPrograms(wanted: ProgramsWanted): Promise<readonly string[]> {
  const places = new Set<string>();
  for (const entry of wanted.entries) {
    for (const id of await buildOne(wanted, entry)) {
      const place = placeOfModule(wanted.root, id);
      if (place !== null) places.add(place);
    }
  }
  return [...places].sort();
}

/** One entry; resolves with the modules that are in it. */
async function buildOne(wanted: ProgramsWanted, entry: Entry): Promise<readonly string[]> {
  const complaints: string[] = [];
  const bundle = await rolldown({
    input: path.join(wanted.root, entry.source),
    platform: 'node',
    // 'import' and 'require' are added by how a module asks.
    resolve: { conditionNames: ['source', 'node', 'default'] },
    external: (id) => wanted.apart.some((name) => id === name || id.startsWith(`${name}/`)),
    plugins: [keepUrls(wanted, entry)],
    onLog: (_level, log) => complaints.push(log.message),
  });
  try {
    const { output } = await bundle.write({
      file: path.join(wanted.out, entry.file),
      format: 'esm',
      codeSplitting: false,
      minify: false,
    });
    if (complaints.length > 0) throw new BuildFault('BUNDLE_DOUBTFUL', complaints.join('; ').slice(0, 2_000));
    return output.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []));
  } finally {
    await bundle.close();
  }
}

function keepUrls(wanted: ProgramsWanted, entry: Entry): Plugin {
  const up = '../'.repeat(entry.file.split('/').length - 1) || './';
  return {
    name: 'keep-urls',
    transform(code, id) {
      const module = path.relative(wanted.root, id).split(path.sep).join('/');
      if (!OWN.test(module)) {
        refuseFolders(wanted.root, id, code);
        return null;
      }
      if (!code.includes('import.meta.url')) return null;
      const built = builtPath(module);
      for (const [, target] of code.matchAll(BY_URL)) requireReachable(wanted, built, target!);
      for (const [, name] of code.matchAll(WHEN_WANTED)) requireApart(wanted, module, name!);
      return code.replaceAll('import.meta.url', `new URL(${JSON.stringify(up + built)}, import.meta.url).href`);
    },
  };
}

/** Where tsc would have put a module. */
function builtPath(module: string): string {
  return module.replace('/src/', '/dist/').replace(/\.ts$/, '.js');
}

function requireReachable(wanted: ProgramsWanted, from: string, target: string): void {
  const file = path.posix.join(path.posix.dirname(from), target.replace(/\.?\$\{[^}]*\}$/, '.js'));
  if (wanted.entries.some((entry) => entry.file === file) || wanted.reachable.includes(file)) return;
  throw new BuildFault(
    'BUNDLE_INCOMPLETE',
    `${from} finds ${file} by its URL, and the package has no such file: name it in installer/bundle/agent.ts`,
  );
}

function requireApart(wanted: ProgramsWanted, module: string, name: string): void {
  if (wanted.apart.includes(name) || name.startsWith('@casare/')) return;
  throw new BuildFault(
    'BUNDLE_INCOMPLETE',
    `${module} loads ${name} when it is wanted, and the package has none: name it in installer/bundle/parts.ts`,
  );
}

function refuseFolders(root: string, id: string, code: string): void {
  const place = placeOfModule(root, id);
  if (place === null || !BY_FOLDER.test(code)) return;
  if (NEVER_REACHED.includes(place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length))) return;
  throw new BuildFault(
    'BUNDLE_INCOMPLETE',
    `${path.relative(root, id)} looks for files beside itself: name its package in installer/bundle/parts.ts`,
  );
}

/** The place of the package that a module is of; null for our own and for the bundler's. */
function placeOfModule(root: string, id: string): string | null {
  const module = path.relative(root, id).split(path.sep).join('/');
  const [found] = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(module) ?? [];
  return found ?? null;
}
