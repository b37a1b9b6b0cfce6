/**
 * The chain as the market uses it, on the actions of the chain package: allotments, vouchers, conversion.
 *
 * Writes are level-triggered: each looks first at what stands, so that doing it again after a crash changes nothing.
 *
 * @module
 */

import { buyCreditsSync } from '@groundwork/chain/buy-credits.ts'
import type { Chain as ChainConnection } from '@groundwork/chain/client.ts'
import { convertSync } from '@groundwork/chain/convert.ts'
import { openAllotmentSync } from '@groundwork/chain/open-allotment.ts'
import { readAllotment } from '@groundwork/chain/read-allotment.ts'
import { readBalances } from '@groundwork/chain/read-balances.ts'
import { readQuote } from '@groundwork/chain/read-quote.ts'
import { redeemSync } from '@groundwork/chain/redeem.ts'
import { topUpAllotmentSync } from '@groundwork/chain/top-up-allotment.ts'
import { invariant } from '@groundwork/core/invariant.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import type { Waiting } from '../ports.ts'
import type { CarryChain } from '../ports/carry.ts'
import { AllotmentTooDear } from './carry-errors.ts'

const nobody: Hex = `0x${'00'.repeat(20)}`
/** atto-WORK times USD*1e8 per credit. docs/protocol/money.md#units */
const creditScale = 10n ** 21n

const lower = (address: string): Hex => address.toLowerCase() as Hex

export interface WirelessChainOptions {
  readonly chain: ChainConnection
  /** the account that signs transactions, in lower case */
  readonly account: Hex
  /** credits of which an allotment is filled up at once; it is filled when less than half of them is free */
  readonly allotmentCredits: bigint
  /** the most WORK that filling one allotment may cost without anyone being asked, in atto */
  readonly workAttoMax: bigint
}

export function wirelessChain({ chain, account, allotmentCredits, workAttoMax }: WirelessChainOptions): CarryChain {
  const { addresses } = chain.deployment
  invariant(allotmentCredits >= 1n, 'an allotment is filled with a credit or more')

  /** Buys what is missing in the bought pocket. */
  const buyMissing = async (credits: bigint, owner: Hex, { signal }: Waiting): Promise<void> => {
    const { bought } = await readBalances(chain, { account })
    if (bought.credits >= credits) return
    const { lowUsd8 } = await readQuote(chain)
    invariant(lowUsd8 > 0n, 'the feed has a price')
    const missing = credits - bought.credits
    const workAtto = (missing * creditScale + lowUsd8 - 1n) / lowUsd8
    if (workAtto > workAttoMax) throw new AllotmentTooDear({ owner, workAtto, workAttoMax })
    await buyCreditsSync(chain, { workAtto, creditsMin: missing }, { signal })
  }

  return {
    chainId: BigInt(chain.chainId),
    railsAddress: lower(addresses.rails),
    registryAddress: lower(addresses.registry),

    async allotment({ router, owner }) {
      const { signer, credits, redeemed, noticed } = await readAllotment(chain, { payer: router, payee: owner })
      return lower(signer) === nobody ? undefined : { signer: lower(signer), credits, redeemed, isNoticed: noticed }
    },

    async ensureAllotment({ owner, voucherSigner, total }, { signal }) {
      const { signer, credits, redeemed, noticed } = await readAllotment(chain, { payer: account, payee: owner })
      if (noticed) return
      const freeCredits = redeemed + credits - total
      if (lower(signer) !== nobody && freeCredits * 2n >= allotmentCredits) return
      const wanted = allotmentCredits - (lower(signer) === nobody ? redeemed - total : freeCredits)
      await buyMissing(wanted, owner, { signal })
      const terms = { payee: owner, credits: wanted, coverMaxAtto: workAttoMax }
      if (lower(signer) === nobody) await openAllotmentSync(chain, { ...terms, signer: voucherSigner }, { signal })
      else await topUpAllotmentSync(chain, terms, { signal })
    },

    async redeem(vouchers, { signal }) {
      for (const { router, total, signature } of vouchers) {
        const { signer, redeemed } = await readAllotment(chain, { payer: router, payee: account })
        if (lower(signer) === nobody || redeemed >= total) continue
        await redeemSync(chain, { payer: router, payee: account, total, signature }, { signal })
      }
    },

    async convert(credits, { signal }) {
      const { earned } = await readBalances(chain, { account })
      const most = credits < earned.credits ? credits : earned.credits
      if (most > 0n) await convertSync(chain, { credits: most, minOutAtto: 0n }, { signal })
    },
  }
}
