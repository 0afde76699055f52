import type { DynamicModule, Type } from '@nestjs/common';
import { MetadataScanner } from '@nestjs/core';
import { ROUTES, type ServiceName } from '#contracts';
import { openApi } from './openapi.js';
import { type Handled, handlersOfController } from '../access/route-table.js';

/** The OpenAPI document of a service, from its module, without starting anything. */
export const documentOf = (service: ServiceName, module: DynamicModule): object =>
  openApi(service, routesOfModule(module), ROUTES[service]);

function routesOfModule(module: DynamicModule): Handled[] {
  const scanner = new MetadataScanner();
  return [...new Set(controllersOf(module))].flatMap((controller) => handlersOfController(controller, scanner));
}

function controllersOf({ controllers = [], imports = [] }: DynamicModule): Type[] {
  const imported = imports.flatMap((one) => (isDynamic(one) ? controllersOf(one) : []));
  return [...controllers, ...imported];
}

const isDynamic = (module: unknown): module is DynamicModule =>
  typeof module === 'object' && module !== null && 'module' in module;
