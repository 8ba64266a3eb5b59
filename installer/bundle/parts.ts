/**
 * Packages that stay folders beside the bundled program, because they find files of their own by path, and which of their
 * files the agent uses. Sizes matter: a package is carried to a thousand machines.
 */
import type { Target } from './target.ts';

/** A package and, if not all of it is of use, what of it is. */
export interface Part {
  readonly name: string;
  readonly only?: readonly Target['os'][];
  /** Files and folders (ending in `/`) in the package; all files unless given. `package.json` and licences always. */
  readonly keep?: readonly string[];
}

/** What the agent asks for by itself; what these need comes with them, and is whole unless it is named here too. */
export const PARTS: readonly Part[] = [
  { name: 'playwright-core', keep: ['browsers.json', 'index.js', 'index.mjs', 'lib/', 'ThirdPartyNotices.txt'] },
  // The engine for texts, what it knows of East Asian codes and of standard fonts.
  {
    name: 'pdfjs-dist',
    keep: ['legacy/build/pdf.mjs', 'legacy/build/pdf.worker.mjs', 'cmaps/', 'standard_fonts/', 'wasm/', 'iccs/'],
  },
  { name: 'jq-wasm', keep: ['dist/'] },
  { name: 'tesseract.js', keep: ['src/'] },
  { name: '@tesseract.js-data/eng', keep: ['4.0.0_best_int/', 'index.js'] },
  { name: '@sparticuz/chromium', only: ['linux'], keep: ['bin/', 'build/'] },
  // Calls into the system: on Windows for much, on Linux for whose process it is that dials.
  {
    name: 'koffi',
    keep: [
      'index.js',
      'index.cjs',
      'src/koffi/index.js',
      'src/koffi/index.cjs',
      'src/koffi/src/static.js',
      'src/koffi/src/static.cjs',
    ],
  },
  // Loads extensions of the protocol by their names.
  { name: 'x11', keep: ['lib/'] },
];

/** What is of use of a package that a part brings along. */
export const BROUGHT_ALONG: readonly Part[] = [
  // The agent reads with the recogniser of lines only: the older one, and the pictures of each as text, stay out.
  {
    name: 'tesseract.js-core',
    keep: ['lstm', 'simd-lstm', 'relaxedsimd-lstm'].flatMap((kind) => [
      `tesseract-core-${kind}.js`,
      `tesseract-core-${kind}.wasm`,
    ]),
  },
  // The Node that is packed is one for glibc.
  { name: '@koromix/koffi-linux-x64', keep: ['index.js', 'linux_x64/'] },
];

/**
 * What a part asks for and does without: the canvas of pdfjs draws pages, and the agent reads them; under Node `tar-fs` and
 * `tar-stream` never take what they have for Bare, which is another runtime, with binaries for telephones.
 */
export const LEFT_OUT: readonly string[] = [
  '@napi-rs/canvas',
  'opencollective-postinstall',
  ...['fs', 'path', 'stream', 'buffer', 'url'].map((part) => `bare-${part}`),
];

/** The parts of a target. */
export function partsOf(target: Target): readonly Part[] {
  return PARTS.filter(({ only }) => only === undefined || only.includes(target.os));
}
