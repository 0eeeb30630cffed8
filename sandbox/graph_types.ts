// The types of Microsoft Graph that the simulated tenant checks requests and answers against. They come from Microsoft's own
// package; this file only names the ones we serve, so that the generated JSON Schema stays small.
import type {
  BookingAppointment,
  BookingBusiness,
  BookingCustomer,
  BookingCustomerInformation,
  BookingService,
  BookingStaffMember,
  Calendar,
  ChangeNotificationCollection,
  Event,
  Room,
  RoomList,
  ScheduleInformation,
  StaffAvailabilityItem,
  Subscription,
  User,
  WorkingHours,
} from "@microsoft/microsoft-graph-types";

// The published type says only the empty base of its customers; the pages and every sample say this one.
type Appointment = Omit<BookingAppointment, "customers"> & { customers?: BookingCustomerInformation[] };

export interface GraphTypes {
  bookingAppointment: Appointment;
  bookingBusiness: BookingBusiness;
  bookingCustomer: BookingCustomer;
  bookingService: BookingService;
  bookingStaffMember: BookingStaffMember;
  calendar: Calendar;
  changeNotificationCollection: ChangeNotificationCollection;
  event: Event;
  room: Room;
  roomList: RoomList;
  scheduleInformation: ScheduleInformation;
  staffAvailabilityItem: StaffAvailabilityItem;
  subscription: Subscription;
  user: Pick<User, "displayName" | "givenName" | "id" | "jobTitle" | "mail" | "mobilePhone" | "officeLocation" |
    "preferredLanguage" | "surname" | "userPrincipalName" | "businessPhones" | "accountEnabled" | "userType" |
    "proxyAddresses">;
  workingHours: WorkingHours;
}
