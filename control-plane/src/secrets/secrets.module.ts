/** The wiring of secrets: where the master key is, the services, and Nest's view of them. */
import type { DynamicModule } from '@nestjs/common';
import type { Clock } from '../platform/clock.ts';
import type { SecretsMaster } from '../platform/config.ts';
import type { Database } from '../platform/database/index.ts';
import { SecretDelivery } from './delivery.ts';
import { EnvironmentMasterKey } from './environment-master-key.ts';
import { FileMasterKey } from './file-master-key.ts';
import { MasterKeys, type MasterKeySource } from './master-keys.ts';
import { MasterRotationService } from './master-rotation.service.ts';
import { masterInUse } from './sealing.ts';
import { SecretsController } from './secrets.controller.ts';
import { SecretsFile } from './secrets-file.ts';
import { SecretsService } from './secrets.service.ts';

export interface SecretsOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly home: string;
  readonly master: SecretsMaster;
}

export interface SecretsFeature {
  readonly management: SecretsService;
  readonly delivery: SecretDelivery;
  readonly rotation: MasterRotationService;
  /** Makes the master key where it is ours to make. @throws Fault SECRETS_MASTER_UNUSABLE, FILE_NOT_PRIVATE */
  start(): Promise<void>;
}

export function createSecrets({ home, master, ...base }: SecretsOptions): SecretsFeature {
  const file = new FileMasterKey(home);
  // The file stays readable, so that a rotation can lead away from it.
  const sources: [MasterKeySource, ...MasterKeySource[]] =
    master.from === 'environment' ? [new EnvironmentMasterKey(master.keys), file] : [file];
  const options = { ...base, keys: new MasterKeys(sources) };
  return {
    management: new SecretsService({ ...options, masterInUse: () => masterInUse(options) }),
    delivery: new SecretDelivery({ ...options, file: new SecretsFile(home) }),
    rotation: new MasterRotationService(options),
    start: async () => {
      if (master.from === 'file') await file.newest();
    },
  };
}

export function secretsModule({ management, rotation }: SecretsFeature): DynamicModule {
  return {
    module: class SecretsModule {},
    controllers: [SecretsController],
    providers: [
      { provide: SecretsService, useValue: management },
      { provide: MasterRotationService, useValue: rotation },
    ],
  };
}
