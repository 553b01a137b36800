// Sets the switches of lst_digits to each position, pushes the button and prints the LEDs.
`timescale 1ns / 1ps

module tb;
  reg clk = 0, button = 0;
  reg [4:0] position;
  wire [3:0] led;
  wire pass, fail;

  lst_digits dut (
    .clk125_0__io(clk), .button_0__io(button),
    .switch_0__io(position[0]), .switch_1__io(position[1]), .switch_2__io(position[2]), .switch_3__io(position[3]),
    .led_0__io(led[0]), .led_1__io(led[1]), .led_2__io(led[2]), .led_3__io(led[3]),
    .rgb_led_0__g__io(pass), .rgb_led_0__r__io(fail)
  );

  always #4 clk = ~clk;

  initial begin
    position = 0;
    #1000;
    for (position = 0; position < 16; position = position + 1) begin
      #200 button = 1;
      #200 button = 0;
      #(`WAIT_NS);
      $display("switches %h leds %h pass %b fail %b", position[3:0], led, pass, fail);
    end
    $finish;
  end
endmodule
