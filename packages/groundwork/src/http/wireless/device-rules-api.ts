/**
 * Rules by which one device's message becomes another's.
 *
 * @module
 */

import { readStoredRule, writeStoredRule } from '@groundwork/wireless'
import type { RouterRole } from '../../wireless/router-role.ts'
import { RequestWrong } from '../http-errors.ts'
import type { Api } from '../make-server.ts'
import { asCustomer, idParams } from './shapes.ts'

export function deviceRulesApi(app: Api, { rules }: RouterRole): void {
  app.get('/v1/wireless/rules', { schema: { summary: 'Rules between devices' }, config: asCustomer }, async () =>
    rules.rules().map((rule) => JSON.parse(writeStoredRule(rule)) as unknown),
  )
  app.post('/v1/wireless/rules', { schema: { summary: 'Make or change one' } }, async (request) => {
    const read = readStoredRule(JSON.stringify(request.body ?? null))
    if ('refused' in read) throw new RequestWrong({ why: read.refused })
    rules.put(read.rule)
    return JSON.parse(writeStoredRule(read.rule)) as unknown
  })
  app.delete('/v1/wireless/rules/:id', { schema: { summary: 'End one', params: idParams } }, async (request) => {
    rules.remove((request.params as { id: string }).id)
    return { ok: true }
  })
}
