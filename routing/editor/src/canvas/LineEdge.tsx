/// A line from an exit to a step, with a plus that puts a step in between.

import { BaseEdge, type EdgeProps, EdgeText, Position, getBezierPath } from "@xyflow/react";
import { memo } from "react";
import { t } from "../t";
import { useAsking } from "./asking";
import { pathAround } from "./around";
import { BACK, type LineEdge as Line } from "./model";

const ROUND = 16;

function beside({ sourceX, sourceY, targetX, targetY, data }: EdgeProps<Line>): [string, number, number] {
  const lane = data?.lane ?? Math.max(sourceX, targetX) + 150;
  return [pathAround([sourceX, sourceY], [targetX, targetY], lane, ROUND), lane, (sourceY + targetY) / 2];
}

/** As wide as its line needs; the tip is where the line ends. */
function arrow({ targetX: x, targetY: y }: EdgeProps<Line>, width = 1.75): string {
  const size = 4.5 + 0.7 * width;
  return `M${x - size},${y - 1.7 * size}L${x},${y}L${x + size},${y - 1.7 * size}Z`;
}

/** So nearly straight below that a curve would only look crooked. */
const STRAIGHT = 8;

function downwards(ends: Parameters<typeof getBezierPath>[0]): [string, number, number] {
  const { sourceX, sourceY, targetX, targetY } = ends;
  if (Math.abs(sourceX - targetX) <= STRAIGHT) {
    const x = (sourceX + targetX) / 2;
    return [`M${x},${sourceY}L${x},${targetY}`, x, (sourceY + targetY) / 2];
  }
  const [path, x, y] = getBezierPath({ ...ends, curvature: 0.3 });
  return [path, x, y];
}

// Where a figure stands along a curve: nearer to its exit, since lines that meet at one step come together in their middle.
const ALONG = { x: 0.19, y: 0.32 };
const LONG = 90;

function figurePlace({ sourceX, sourceY, targetX, targetY, data }: EdgeProps<Line>, [x, y]: [number, number]): [number, number] {
  const down = targetY - sourceY;
  const isCurve = data?.lane === undefined && down > LONG && Math.abs(sourceX - targetX) > STRAIGHT;
  return isCurve ? [sourceX + ALONG.x * (targetX - sourceX), sourceY + ALONG.y * down] : [x, y];
}

export const LineEdge = memo(function LineEdge(props: EdgeProps<Line>) {
  const { id, sourceX, sourceY, targetX, targetY, data, selected } = props;
  const ends = { sourceX, sourceY, targetX, targetY, sourcePosition: Position.Bottom, targetPosition: Position.Top };
  // Around the steps instead of through them.
  const [path, x, y] = targetY > sourceY + BACK && data?.lane === undefined ? downwards(ends) : beside(props);
  const tone = data?.tone ? `tone-${data.tone}` : data?.faded ? "is-faded" : "";
  const [figureX, figureY] = figurePlace(props, [x, y]);
  const width = data?.weight ? 1.5 + 7 * Math.min(1, data.weight) : undefined;
  return (
    <g className={`fe-line ${tone} ${selected ? "is-selected" : ""}`} data-line={id}>
      <BaseEdge id={id} path={path} interactionWidth={18} style={width ? { strokeWidth: width } : undefined} />
      <path className="fe-arrow" d={arrow(props, width)} />
      {data?.label && (
        <g className="fe-line-label">
          <EdgeText x={figureX} y={figureY} label={data.label} labelShowBg labelBgPadding={[6, 3]} labelBgBorderRadius={6} />
        </g>
      )}
      {data && !data.readOnly && !data.label && (
        <g
          className="fe-plus"
          transform={`translate(${x},${y})`}
          onClick={(event) => {
            event.stopPropagation();
            useAsking.setState({ ask: { kind: "insert", source: data.source, exit: data.exit } });
          }}
        >
          <title>{t("Put a step in between")}</title>
          <circle r={9} />
          <path d="M-4 0H4M0 -4V4" />
        </g>
      )}
    </g>
  );
});
