/** Nest's root: the modules of the features. What they are made of is put together in `main.ts`. */
import type { DynamicModule } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';

export function appModule(features: readonly DynamicModule[]): DynamicModule {
  return { module: class AppModule {}, imports: [DiscoveryModule, ...features] };
}
