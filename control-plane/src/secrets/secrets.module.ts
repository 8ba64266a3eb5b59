/** The wiring of secrets: where the master key is, the services, and Nest's view of them. */
import type { DynamicModule } from '@nestjs/common';
import type { Clock } from '../platform/clock.ts';
import type { SecretsMaster } from '../platform/secrets-master.ts';
import type { Database } from '../platform/database/index.ts';
import { OutboundAllowed } from '../platform/outbound/allowed.ts';
import { SecretDelivery } from './delivery.ts';
import { EnvironmentMasterKey } from './environment-master-key.ts';
import { FileMasterKey } from './file-master-key.ts';
import { MasterKeys, type MasterKeySource } from './master-keys.ts';
import { MasterRotationService } from './master-rotation.service.ts';
import { masterInUse } from './sealing.ts';
import { SecretsController } from './secrets.controller.ts';
import { SecretsFile } from './secrets-file.ts';
import { SealedService } from './sealed.service.ts';
import { SecretsService } from './secrets.service.ts';
import { VaultMasterKey } from './vault-master-key.ts';

export interface SecretsOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly home: string;
  readonly master: SecretsMaster;
  /** What may be called besides public https addresses, for a vault. */
  readonly allowed?: OutboundAllowed;
}

export interface SecretsFeature {
  readonly management: SecretsService;
  readonly delivery: SecretDelivery;
  readonly rotation: MasterRotationService;
  readonly sealed: SealedService;
  /** Makes the master key where it is ours to make. @throws Fault SECRETS_MASTER_UNUSABLE, FILE_NOT_PRIVATE */
  start(): Promise<void>;
}

export function createSecrets({
  home,
  master,
  allowed = new OutboundAllowed(),
  ...base
}: SecretsOptions): SecretsFeature {
  const file = new FileMasterKey(home);
  const found: MasterKeySource[] = [
    ...(master.keys === undefined ? [] : [new EnvironmentMasterKey(master.keys)]),
    ...(master.vault === undefined ? [] : [new VaultMasterKey({ settings: master.vault, allowed, clock: base.clock })]),
  ];
  const first = found.find(({ kind }) => kind === master.from) ?? file;
  // The others stay readable, so that a rotation can lead away from them.
  const others = [...found, file].filter((source) => source !== first);
  const options = { ...base, keys: new MasterKeys([first, ...others]) };
  const management = new SecretsService({ ...options, masterInUse: () => masterInUse(options) });
  return {
    management,
    sealed: new SealedService({ ...options, management }),
    delivery: new SecretDelivery({ ...options, file: new SecretsFile(home) }),
    rotation: new MasterRotationService(options),
    start: async () => {
      if (master.from === 'file') await file.newest();
    },
  };
}

export function secretsModule({ management, rotation, sealed }: SecretsFeature): DynamicModule {
  return {
    module: class SecretsModule {},
    controllers: [SecretsController],
    providers: [
      { provide: SecretsService, useValue: management },
      { provide: SealedService, useValue: sealed },
      { provide: MasterRotationService, useValue: rotation },
    ],
  };
}
