// Just enough of the Xilinx cells in the board designs to simulate them from pin to pin.
`timescale 1ns / 1ps

module IBUF (input I, output O);
  assign O = I;
endmodule

module OBUFT (input I, input T, output O);
  assign O = T ? 1'bz : I;
endmodule

module BUFG (input I, output O);
  assign O = I;
endmodule

module FDPE (input C, input CE, input D, input PRE, output reg Q);
  parameter INIT = 1'b1;
  initial Q = INIT;
  always @(posedge C or posedge PRE)
    if (PRE) Q <= 1'b1;
    else if (CE) Q <= D;
endmodule

// The output is the input's period times divider over multiplier; it locks after the fifth input edge.
module PLLE2_BASE (
  input CLKIN1, input CLKFBIN, input PWRDWN, input RST,
  output CLKFBOUT, output reg CLKOUT0, output reg LOCKED
);
  parameter real CLKIN1_PERIOD = 0.0;
  parameter integer CLKFBOUT_MULT = 1;
  parameter integer CLKOUT0_DIVIDE = 1;
  initial begin
    CLKOUT0 = 0;
    LOCKED = 0;
    repeat (5) @(posedge CLKIN1);
    LOCKED = 1;
  end
  always #(CLKIN1_PERIOD * CLKOUT0_DIVIDE / CLKFBOUT_MULT / 2) CLKOUT0 = ~CLKOUT0;
  assign CLKFBOUT = CLKIN1;
endmodule
