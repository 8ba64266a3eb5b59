/**
 * The web's own certificate, from PEM files or a .pfx, watched for changes.
 *
 * Invariants: what cannot be served never replaces what is served; a private key that others can read is refused; the
 * files are looked at again and again by their contents, since links and mounts hide changes from anything else.
 */
import { createHash, type X509Certificate } from 'node:crypto';
import { open } from 'node:fs/promises';
import { duplexPair } from 'node:stream';
import { connect, createServer, type SecureContextOptions } from 'node:tls';
import type { Clock } from '../clock.ts';
import type { WebTlsFiles } from '../config.ts';
import { Fault, lineOf } from '../errors.ts';
import type { Log } from '../log.ts';
import { startLoop, type Loop } from '../loop.ts';

export interface WebTlsOptions {
  readonly log: Log;
  readonly clock: Clock;
  /** Between two looks at the files, milliseconds; 10 s unless said otherwise. */
  readonly intervalMs?: number;
}

/** What the files hold, proven by a handshake. */
interface Loaded {
  readonly options: SecureContextOptions;
  readonly certificate: X509Certificate;
}

const INTERVAL_MS = 10_000;
const FILE_BYTES = 1_048_576;
const PROOF_MS = 5_000;

export class WebTls {
  readonly #files: WebTlsFiles;
  readonly #options: WebTlsOptions;
  readonly #listeners = new Set<(options: SecureContextOptions) => void>();
  #held: Loaded;
  /** Of what was looked at last, good or bad: the same fault is said once. */
  #seen: string;
  #loop: Loop | null = null;
  /** The last look; a fault of one is not that of the next. */
  #looked = Promise.resolve();

  /** Reads the files and watches them until `stop`. @throws Fault WEB_TLS_UNUSABLE, FILE_NOT_PRIVATE */
  static async open(files: WebTlsFiles, options: WebTlsOptions): Promise<WebTls> {
    const contents = await readFiles(files);
    const tls = new WebTls(files, options, await load(contents), digestOf(contents));
    tls.#warnOfItsEnd();
    tls.#loop = startLoop({
      name: 'web certificate',
      intervalMs: options.intervalMs ?? INTERVAL_MS,
      log: options.log,
      run: () => tls.look(),
    });
    return tls;
  }

  private constructor(files: WebTlsFiles, options: WebTlsOptions, held: Loaded, seen: string) {
    this.#files = files;
    this.#options = options;
    this.#held = held;
    this.#seen = seen;
  }

  /** For a TLS server. */
  get options(): SecureContextOptions {
    return this.#held.options;
  }

  /** When the certificate that is served ends. */
  get notAfter(): Date {
    return this.#held.certificate.validToDate;
  }

  /** What it is for, for people. */
  get name(): string {
    return this.#held.certificate.subjectAltName ?? this.#held.certificate.subject;
  }

  /** Tells `listener` of every new certificate. */
  onChanged(listener: (options: SecureContextOptions) => void): void {
    this.#listeners.add(listener);
  }

  async stop(): Promise<void> {
    await this.#loop?.stop();
  }

  /** One look at the files, after those before it. */
  look(): Promise<void> {
    this.#looked = this.#looked.catch(() => undefined).then(() => this.#look());
    return this.#looked;
  }

  async #look(): Promise<void> {
    let seen = '';
    try {
      const contents = await readFiles(this.#files);
      seen = digestOf(contents);
      if (seen === this.#seen) return;
      const loaded = await load(contents);
      if (this.#hasEnded(loaded) && !this.#hasEnded(this.#held)) throw ended(loaded.certificate);
      this.#held = loaded;
    } catch (error) {
      const why = lineOf(error);
      const before = this.#seen;
      this.#seen = seen === '' ? why : seen;
      if (before !== this.#seen) this.#keep(why);
      return;
    }
    this.#seen = seen;
    for (const listener of this.#listeners) listener(this.options);
    this.#options.log.info('the web has a new certificate', { name: this.name, notAfter: this.notAfter });
    this.#warnOfItsEnd();
  }

  #keep(why: string): void {
    const fields = { code: 'WEB_TLS_NOT_RELOADED', why, notAfter: this.notAfter };
    this.#options.log.warn('the web keeps its certificate, since the new one cannot be used', fields);
  }

  #hasEnded({ certificate }: Loaded): boolean {
    return certificate.validToDate <= this.#options.clock.now();
  }

  #warnOfItsEnd(): void {
    if (!this.#hasEnded(this.#held)) return;
    const fields = { code: 'WEB_TLS_ENDED', notAfter: this.notAfter };
    this.#options.log.warn('the certificate of the web has ended: put a new one into its files', fields);
  }
}

/** Contents by option name. */
type Contents = Readonly<Partial<Record<'cert' | 'key' | 'pfx' | 'passphrase', Buffer>>>;

async function readFiles({ from, passphraseFile }: WebTlsFiles): Promise<Contents> {
  const secrets = 'pfx' in from ? { pfx: from.pfx } : { key: from.key };
  const contents: Record<string, Buffer> = {};
  for (const [name, file] of Object.entries(secrets)) contents[name] = await readFile(file, true);
  if ('cert' in from) contents['cert'] = await readFile(from.cert, false);
  if (passphraseFile !== null) contents['passphrase'] = await readFile(passphraseFile, true);
  return contents;
}

/** Group members may read a secret, as mounted secrets and the group `ssl-cert` have it; others may not. */
const FORBIDDEN_MODE = 0o027;

async function readFile(file: string, secret: boolean): Promise<Buffer> {
  const handle = await open(file, 'r').catch((error: unknown) => {
    throw unusable(`${file} cannot be read (${lineOf(error)})`, error);
  });
  try {
    const { mode, size } = await handle.stat();
    if (secret && process.platform !== 'win32' && (mode & FORBIDDEN_MODE) !== 0) {
      throw new Fault({
        code: 'FILE_NOT_PRIVATE',
        what: `${file} can be read or changed by others`,
        why: `its mode is ${(mode & 0o777).toString(8)}`,
        fix: `Run \`chmod 640 ${file}\``,
      });
    }
    if (size > FILE_BYTES) throw unusable(`${file} is larger than ${FILE_BYTES} bytes`);
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

function digestOf(contents: Contents): string {
  const hash = createHash('sha256');
  for (const [name, bytes] of Object.entries(contents)) hash.update(`${name} ${bytes.length}\n`).update(bytes);
  return hash.digest('hex');
}

async function load({ passphrase, ...material }: Contents): Promise<Loaded> {
  const secret = passphrase?.toString('utf8').replace(/\r?\n[^]*$/, '');
  const options: SecureContextOptions = {
    ...material,
    ...(secret === undefined ? {} : { passphrase: secret }),
    minVersion: 'TLSv1.2',
  };
  try {
    return { options, certificate: await presented(options) };
  } catch (error) {
    throw unusable(reasonOf(error), error);
  }
}

/** The certificate that a client is shown. OpenSSL judges the files as it will when they are served. */
async function presented(options: SecureContextOptions): Promise<X509Certificate> {
  const [near, far] = duplexPair();
  const shown = Promise.withResolvers<X509Certificate>();
  const server = createServer(options);
  server.on('tlsClientError', shown.reject);
  server.emit('connection', near);
  const client = connect({ socket: far, rejectUnauthorized: false, servername: '' });
  client.on('error', shown.reject);
  client.on('secureConnect', () => {
    const certificate = client.getPeerX509Certificate();
    if (certificate) shown.resolve(certificate);
    else shown.reject(new Error('they hold no certificate'));
  });
  const late = setTimeout(() => shown.reject(new Error('no handshake came about')), PROOF_MS);
  try {
    return await shown.promise;
  } finally {
    clearTimeout(late);
    client.destroy();
    near.destroy();
  }
}

/** OpenSSL's words, made readable where people meet them. */
function reasonOf(error: unknown): string {
  const text = lineOf(error);
  if (/mac verify failure|bad decrypt|bad password|BAD_PASSWORD|interrupted or cancelled/i.test(text)) {
    return 'the passphrase is missing or wrong';
  }
  if (/key values mismatch/i.test(text)) return 'the key is not that of the certificate';
  if (/unsupported/i.test(text)) {
    return 'the .pfx is encrypted in a way of the past: export it with AES256 and SHA256, or give PEM files';
  }
  if (/no start line|not enough data|wrong tag|no shared cipher|no suitable/i.test(text)) {
    return `the files do not hold a certificate and its key (${text})`;
  }
  return text;
}

function unusable(why: string, cause?: unknown): Fault {
  return new Fault({
    code: 'WEB_TLS_UNUSABLE',
    what: 'The certificate of the web cannot be used',
    why,
    fix: 'Check CASARE_WEB_TLS_CERT and CASARE_WEB_TLS_KEY, or CASARE_WEB_TLS_PFX, and CASARE_WEB_TLS_PASSPHRASE_FILE',
    ...(cause === undefined ? {} : { cause }),
  });
}

function ended(certificate: X509Certificate): Fault {
  return unusable(`it ended on ${certificate.validToDate.toISOString()}`);
}
