/** `casare signer`: the signer of this control plane as a process of its own user, for the names that its configuration says. */
import type { Command } from 'commander';
import { addressConfig } from '../platform/config-file.ts';
import { publicUrls } from '../platform/public-urls.ts';
import type { Surroundings } from './session.ts';

interface SignerFlags {
  readonly home: string;
  readonly socket: string;
  readonly config?: string;
  readonly forGroup: boolean;
}

export function addSignerCommand(program: Command, around: Surroundings): void {
  program
    .command('signer')
    .description('run the signer by itself, as another user than the control plane, which finds it by its socket')
    .requiredOption('--home <dir>', 'where master.key is, or is made; nobody else needs to read it')
    .requiredOption('--socket <path>', 'where the control plane finds it (CASARE_SIGNER_SOCKET, signerSocket)')
    .option('--config <file>', 'control-plane.yaml, whose addresses a certificate may name (CASARE_CONFIG)')
    .option('--for-group', 'whoever is in the group that this process runs with may use it', false)
    .action(async ({ home, socket, config: file, forGroup }: SignerFlags) => {
      const config = addressConfig(file === undefined ? around.env : { ...around.env, CASARE_CONFIG: file });
      // Ports are in no name.
      const urls = publicUrls(config, { web: 1, enrol: 1, tunnel: 1 });
      const { runSigner } = await import('@casare/certs');
      const { gatewayHosts, TRUST_DOMAIN } = await import('../trust/index.ts');
      around.exitCode = await runSigner({
        ...{ home, socket, trustDomain: TRUST_DOMAIN, host: gatewayHosts(config.host, [urls.enrol, urls.tunnel]) },
        ...(forGroup ? { group: process.getgid?.() } : {}),
      });
    });
}
