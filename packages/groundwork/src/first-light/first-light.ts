/**
 * The main job of a network, done once with real files: store, lose a provider, read back, prove, slash, repair, close an epoch, pay,
 * and have a stranger recompute it all.
 *
 * It only orchestrates: it asks the gateway, kills processes, and reads the chain. What it returns is a claim that
 * `verify-light` re-derives from the chain and the published evidence alone.
 *
 * @module
 */

import { demandsIn, epochStepsIn } from '@groundwork/chain/indexer/index-queries.ts'
import type { ChainIndex } from '@groundwork/chain/indexer/open-index.ts'
import type { Address } from '@groundwork/core/identity/address.ts'
import type { Step } from '../progress/run-steps.ts'
import type { Break, LocalNetwork, LocalProvider } from '../up/local-network.ts'
import { auditElsewhere } from './audit-elsewhere.ts'
import { demandLeaves } from './demand-leaves.ts'
import { awaitEpoch } from './await-epoch.ts'
import { awaitUntil } from './await-until.ts'
import { awaitPay } from './await-pay.ts'
import type { GatewayClient, ReadReport, RepairReport, StoredObject } from '../gateway/gateway-client.ts'
import { StepFailed } from './first-light-errors.ts'
import { seeded } from './seeded.ts'
import { readBack, storeFiles } from './store-files.ts'

export interface FirstLightOptions {
  readonly network: LocalNetwork
  readonly gateway: GatewayClient
  readonly index: ChainIndex
  readonly seed: number
  /** folder or file to store */
  readonly input: string
  /** whether the input is our own, of which the seed chooses */
  readonly isSample: boolean
  readonly break?: Break | undefined
  readonly signal: AbortSignal
}

/** What a run claims of storage; amounts are decimal strings in JSON. */
export interface FirstLightStorage {
  readonly ok: true
  readonly cid: string
  readonly pieceCids: readonly string[]
  readonly copies: number
  readonly killedProvider: Address
  readonly servedBy: readonly { readonly provider: string; readonly latencyRank: number }[]
  readonly repairedTo: Address
  readonly slashedAtto: bigint
  readonly spentCredits: bigint
  readonly mintedAtto: bigint
  readonly evidenceCid: string
  readonly epoch: bigint
  readonly balancesBlock: bigint
  readonly balances: readonly {
    readonly provider: Address
    readonly workAtto: bigint
    readonly mintedAtto: bigint
    readonly claimedAtto: bigint
  }[]
  readonly txs: readonly string[]
}

export interface FirstLight {
  /** until what was lost is repaired */
  readonly service: readonly Step[]
  /** from the close of the epoch on */
  readonly settlement: readonly Step[]
  /** Once all steps are done. */
  result(): FirstLightStorage
}

/** The gateway looks every two seconds; a copy of a few megabytes takes moments. */
const repairSecondsMax = 90

/** Copies of everything, at distinct operators. */
export const copies = 3

export function firstLight({
  network,
  gateway,
  index,
  seed,
  input,
  isSample,
  break: how,
  signal,
}: FirstLightOptions): FirstLight {
  const choose = seeded(seed)
  const state: {
    stored?: StoredObject & { files: readonly { name: string; path: string; sizeBytes: number }[] }
    victim?: LocalProvider
    read?: ReadReport
    demands?: Awaited<ReturnType<typeof demandLeaves>>
    repairedTo?: Address
    epoch?: Awaited<ReturnType<typeof awaitEpoch>>
    pay?: Awaited<ReturnType<typeof awaitPay>>
  } = {}
  const need = <Key extends keyof typeof state>(key: Key): NonNullable<(typeof state)[Key]> => {
    const value = state[key]
    if (value === undefined) throw new StepFailed({ step: key, why: 'it has not run' })
    return value
  }
  const holders = (): LocalProvider[] => {
    const addresses = new Set(
      need('stored').pieces.flatMap(({ providers }) => providers.map((one) => one.toLowerCase())),
    )
    return network.providers.filter(({ operator }) => addresses.has(operator.toLowerCase()))
  }

  const service: readonly Step[] = [
    {
      title: 'A customer burns WORK for credits and stores real files, three copies at distinct operators',
      run: async (tell) => {
        state.stored = await storeFiles({ gateway, input, isSample, copies, choose, tell, signal })
        return `${state.stored.fileCount} files, ${state.stored.sizeBytes} bytes, ${state.stored.pieces.length} pieces, ${state.stored.cid}`
      },
    },
    {
      title: 'A provider that holds a copy is killed',
      run: async () => {
        // The liar of a broken run stays alive: a dead one cannot be caught lying.
        const killable = holders().filter(
          ({ child }) => child.isAlive() && (how !== 'skip-proof' || !isLiar(network, child.name)),
        )
        const victim = choose.pick(killable)
        state.victim = victim
        victim.child.kill('SIGKILL')
        await victim.child.exited
        return `${victim.plan.name} (${victim.operator})`
      },
    },
    {
      title: 'The customer reads every file back from the nearest others, verified block by block',
      run: async (tell) => {
        state.read = await readBack({ gateway, stored: need('stored'), tell, signal })
        return state.read.servedBy
          .map(
            ({ provider, latencyRank, blockCount }) =>
              `${nameOf(network, provider)} (rank ${latencyRank}) ${blockCount} blocks`,
          )
          .join(', ')
      },
    },
    {
      title: 'A third program demands named leaves on chain: one is answered and verified, the dead provider’s is not',
      run: async (tell) => {
        const victim = need('victim')
        const honest = holders().filter(({ child }) => how !== 'skip-proof' || !isLiar(network, child.name))
        state.demands = await demandLeaves({ network, index, holders: honest, victim, choose, tell, signal })
        return `slashed ${state.demands.slashedAtto} atto-WORK, ${state.demands.rewardAtto} of it to the reporter`
      },
    },
    {
      title: 'The gateway repairs the lost copy to a new operator',
      run: async () => {
        const by = await awaitUntil({
          what: 'a new operator has the lost copy',
          secondsMax: repairSecondsMax,
          signal,
          look: async () => {
            const { replaced } = await gateway.get<RepairReport>('/v1/storage/repairs', { signal })
            return replaced.find(({ lost }) => lost.toLowerCase() === need('victim').operator.toLowerCase())?.by
          },
        })
        state.repairedTo = by as Address
        return `now at ${nameOf(network, by)}`
      },
    },
  ]
  const settlement: readonly Step[] = [
    {
      title: 'The epoch closes: proven, posted, kept by drawn operators, finalised',
      run: async (tell) => {
        state.epoch = await awaitEpoch({
          network,
          index,
          holders: holders(),
          victim: need('victim'),
          break: how,
          tell,
          signal,
        })
        return `epoch ${state.epoch.epoch}, evidence ${state.epoch.evidenceCid}`
      },
    },
    {
      title: 'Providers settle, convert and claim',
      run: async (tell) => {
        const paid = holders().filter((provider) => provider !== need('victim'))
        state.pay = await awaitPay({ network, index, providers: paid, epoch: need('epoch').epoch, tell, signal })
        return `${state.pay.spentCredits} credits spent, ${state.pay.mintedAtto} atto-WORK minted`
      },
    },
    {
      title: 'A stranger recomputes the epoch from another folder, with the RPC address only',
      run: async (tell) => auditElsewhere({ network, epoch: need('epoch').epoch, tell, signal }),
    },
  ]

  return {
    service,
    settlement,
    result: () => {
      const { cid, pieces } = need('stored')
      const { slashedAtto, txs } = need('demands')
      const { epoch, evidenceCid } = need('epoch')
      const { spentCredits, mintedAtto, balances, balancesBlock, txs: payTxs } = need('pay')
      const victim = need('victim')
      const epochTxs = epochStepsIn(index, { network: 1 })
        .filter((step) => step.epoch === epoch && step.state !== 'sealed')
        .map(({ tx }) => tx)
      const demandTxs = demandsIn(index).map(({ tx }) => tx)
      return {
        ok: true,
        cid,
        pieceCids: pieces.map(({ pieceCid }) => pieceCid),
        copies,
        killedProvider: victim.operator,
        servedBy: need('read').servedBy.map(({ provider, latencyRank }) => ({ provider, latencyRank })),
        repairedTo: need('repairedTo'),
        slashedAtto,
        spentCredits,
        mintedAtto,
        evidenceCid,
        epoch,
        balancesBlock,
        balances,
        txs: [...new Set([...txs, ...demandTxs, ...epochTxs, ...payTxs])],
      }
    },
  }
}

const isLiar = (network: LocalNetwork, name: string): boolean => network.providers[1]?.child.name === name

const nameOf = (network: LocalNetwork, operator: string): string =>
  network.providers.find((provider) => provider.operator.toLowerCase() === operator.toLowerCase())?.plan.name ??
  operator
