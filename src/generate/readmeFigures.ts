import type { ConstraintCounts } from "../circom/compile.ts";
import { VERIFY_GAS_FLOOR } from "../gas/floors.ts";
import type { GasFigures } from "../gas/measureGas.ts";
import { markdownTable } from "./markdownTable.ts";
import { withBlock } from "./markedBlock.ts";

/** The README with its table of counted figures renewed. Times are not in it: they differ from machine to machine. */
export const withFigures = (readme: string, constraints: ConstraintCounts, gas: GasFigures): string =>
  withBlock("README.md", readme, "figures", figuresTable(constraints, gas));

function figuresTable({ nonlinear, linear, total, domainPower }: ConstraintCounts, gas: GasFigures): string {
  const number = (value: number) => value.toLocaleString("en-US");
  const overFloor = (gas.verify / VERIFY_GAS_FLOOR).toFixed(3);
  const split = `${number(nonlinear)} non-linear, ${number(linear)} linear`;
  return markdownTable([
    ["figure (digits model, 64-32-10)", "counted"],
    ["constraints, commitment and output included", `${number(total)} (${split}), domain 2^${domainPower}`],
    [
      "`verify`, the registry's own frame, cold",
      `${number(gas.verify)} gas, ${overFloor} × ${number(VERIFY_GAS_FLOOR)}`,
    ],
    ["`open`", `${number(gas.open)} gas`],
    ["`settle`, credit slots in use", `${number(gas.settle)} gas`],
    ["`settle` with a royalty", `${number(gas.settleRoyalty)} gas`],
    ["`refund`", `${number(gas.refund)} gas`],
    [
      "`settleBatch` of 32: one payee / 32 payees",
      `${number(gas.settleBatch32)} / ${number(gas.settleBatch32Payees)} gas a job`,
    ],
    ["`settleBatch` of 32 under eight models", `${number(gas.settleBatch32Models8)} gas a job`],
    [
      "`settleOrders` of 32: one client / 32 clients",
      `${number(gas.settleOrders32)} / ${number(gas.settleOrders32Clients)} gas an order`,
    ],
    ["`verifyAndSettleBatch` of 32, a new slot each", `${number(gas.verifyAndSettleBatch32)} gas a statement`],
  ]);
}
